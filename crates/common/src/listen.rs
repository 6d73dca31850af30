//! The listening sockets: inherited from a supervisor, or our own.

use std::net::TcpListener;

use anyhow::Context as _;
use listenfd::ListenFd;

use crate::server::HttpSettings;

/// Pending connections the kernel keeps for us.
const BACKLOG: i32 = 1024;

/// The process's two listeners.
pub struct Listeners {
    /// For clients.
    pub http: TcpListener,
    /// For operators.
    pub ops: TcpListener,
}

/// Takes the sockets that a supervisor passed by the systemd protocol (`LISTEN_FDS`: 3 is HTTP, 4 is operations), so
/// that a restarted process serves the same ones and no connection is refused; else binds the configured addresses.
///
/// # Errors
/// When an address cannot be bound.
pub fn listeners(settings: &HttpSettings) -> anyhow::Result<Listeners> {
    let mut inherited = ListenFd::from_env();
    let http = match inherited.take_tcp_listener(0).ok().flatten() {
        Some(listener) => listener,
        None => bind(&settings.host, settings.port)?,
    };
    let ops = match inherited.take_tcp_listener(1).ok().flatten() {
        Some(listener) => listener,
        None => bind(&settings.ops_host, settings.ops_port)?,
    };
    Ok(Listeners { http, ops })
}

fn bind(host: &str, port: u16) -> anyhow::Result<TcpListener> {
    use std::net::ToSocketAddrs as _;
    let address = (host, port)
        .to_socket_addrs()
        .with_context(|| format!("{host} is not an address"))?
        .next()
        .with_context(|| format!("{host} has no address"))?;
    let socket = socket2::Socket::new(
        socket2::Domain::for_address(address),
        socket2::Type::STREAM,
        Some(socket2::Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket
        .bind(&address.into())
        .with_context(|| format!("cannot listen on {address}: is it in use?"))?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
