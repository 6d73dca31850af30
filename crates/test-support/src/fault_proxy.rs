//! A TCP proxy that behaves as badly as the test tells it to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::address::moved;
use crate::beside;

/// How the proxy treats connections, those open already included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Forwards everything at once.
    None,
    /// Delays every piece of data by this much in each direction.
    Latency(Duration),
    /// Swallows all data in both directions and keeps connections open: a silent partition.
    Blackhole,
    /// Reads nothing, so that senders' buffers fill up; what was held is forwarded afterwards.
    Pause,
    /// Resets every connection, open or new, as a crashed peer does.
    Reset,
}

/// A proxy on a port of its own in front of one server; it ends with this value.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    fault: watch::Sender<Fault>,
    connections: Arc<AtomicUsize>,
    _running: DropGuard,
}

impl FaultProxy {
    /// A proxy in front of `upstream` (`host:port`) that forwards everything for now.
    pub fn start(upstream: impl Into<String>) -> Self {
        let upstream = upstream.into();
        let (fault, faults) = watch::channel(Fault::None);
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let stop = CancellationToken::new();
        let address = beside::serve(stop.clone(), move |client| {
            count.fetch_add(1, Ordering::Relaxed);
            serve(client, upstream.clone(), faults.clone())
        });
        Self {
            address,
            fault,
            connections,
            _running: stop.drop_guard(),
        }
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// `url` with its host and port replaced by the proxy's.
    ///
    /// # Panics
    /// If there is no `scheme://` in it.
    pub fn in_front_of(&self, url: &str) -> String {
        moved(url, self.address)
    }

    /// Changes the behaviour from now on.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// Forwards normally again.
    pub fn heal(&self) {
        self.set(Fault::None);
    }

    /// How many connections were accepted so far.
    pub fn accepted(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

async fn serve(client: TcpStream, upstream: String, faults: watch::Receiver<Fault>) {
    if *faults.borrow() == Fault::Reset {
        return reset(&client);
    }
    let Ok(server) = TcpStream::connect(upstream).await else {
        return reset(&client);
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let upward = pump(from_client, to_server, faults.clone());
    let downward = pump(from_server, to_client, faults.clone());
    let ((from_client, to_server), (from_server, to_client)) = tokio::join!(upward, downward);
    if *faults.borrow() == Fault::Reset {
        for (read, write) in [(from_client, to_client), (from_server, to_server)] {
            if let Ok(stream) = read.reunite(write) {
                reset(&stream);
            }
        }
    }
}

/// Closes with RST instead of FIN: a lingering time of zero throws unsent data away.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

/// Copies one direction until its end, an error, or a reset.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut faults: watch::Receiver<Fault>,
) -> (OwnedReadHalf, OwnedWriteHalf) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let fault = *faults.borrow_and_update();
        if fault == Fault::Reset {
            break;
        }
        let length = tokio::select! {
            changed = faults.changed() => match changed {
                Ok(()) => continue,
                Err(_) => break,
            },
            read = from.read(&mut buffer), if fault != Fault::Pause => match read {
                Ok(0) | Err(_) => break,
                Ok(length) => length,
            },
        };
        let data = buffer.get(..length).unwrap_or_default();
        match admit(&mut faults).await {
            Admission::Forward if to.write_all(data).await.is_ok() => {}
            Admission::Swallow => {}
            Admission::Forward | Admission::Break => break,
        }
    }
    if *faults.borrow() != Fault::Reset {
        let _ = to.shutdown().await;
    }
    (from, to)
}

/// What to do with data that was read.
enum Admission {
    Forward,
    Swallow,
    Break,
}

/// Decides by the fault of this moment: it may have been set while the data was being read.
async fn admit(faults: &mut watch::Receiver<Fault>) -> Admission {
    loop {
        let fault = *faults.borrow_and_update();
        match fault {
            Fault::None => return Admission::Forward,
            Fault::Latency(delay) => {
                sleep(delay).await;
                return Admission::Forward;
            }
            Fault::Blackhole => return Admission::Swallow,
            Fault::Reset => return Admission::Break,
            Fault::Pause if faults.changed().await.is_err() => return Admission::Break,
            Fault::Pause => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{ErrorKind, Read, Write};
    use std::net::TcpStream as Client;
    use std::time::Instant;

    /// A server that sends back what it gets.
    fn echo() -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut reader = stream.try_clone().unwrap();
                    let mut writer = stream;
                    std::io::copy(&mut reader, &mut writer)
                });
            }
        });
        address
    }

    fn connect(proxy: &FaultProxy) -> Client {
        let client = Client::connect(proxy.address()).unwrap();
        client
            .set_read_timeout(Some(Duration::from_millis(300)))
            .unwrap();
        client
    }

    fn ping(client: &mut Client) -> std::io::Result<()> {
        client.write_all(b"ping")?;
        client.read_exact(&mut [0; 4])
    }

    #[test]
    fn it_forwards_delays_and_heals() {
        let proxy = FaultProxy::start(echo());
        let mut client = connect(&proxy);
        ping(&mut client).unwrap();
        proxy.set(Fault::Latency(Duration::from_millis(60)));
        let begun = Instant::now();
        ping(&mut client).unwrap();
        assert!(
            begun.elapsed() >= Duration::from_millis(120),
            "{:?}",
            begun.elapsed()
        );
        proxy.heal();
        ping(&mut client).unwrap();
        assert_eq!(proxy.accepted(), 1);
    }

    #[test]
    fn a_blackhole_swallows_and_a_pause_only_holds() {
        let proxy = FaultProxy::start(echo());
        let mut client = connect(&proxy);
        ping(&mut client).unwrap();
        proxy.set(Fault::Blackhole);
        assert_eq!(ping(&mut client).unwrap_err().kind(), ErrorKind::WouldBlock);
        proxy.set(Fault::Pause);
        assert_eq!(ping(&mut client).unwrap_err().kind(), ErrorKind::WouldBlock);
        proxy.heal();
        client.read_exact(&mut [0; 4]).unwrap();
        assert_eq!(
            client.read_exact(&mut [0; 1]).unwrap_err().kind(),
            ErrorKind::WouldBlock,
            "what fell into the blackhole is lost"
        );
    }

    #[test]
    fn a_reset_breaks_open_and_new_connections() {
        let proxy = FaultProxy::start(echo());
        let mut open = connect(&proxy);
        ping(&mut open).unwrap();
        proxy.set(Fault::Reset);
        assert_eq!(
            open.read_exact(&mut [0; 1]).unwrap_err().kind(),
            ErrorKind::ConnectionReset
        );
        let mut new = connect(&proxy);
        assert!(ping(&mut new).is_err());
        proxy.heal();
        ping(&mut connect(&proxy)).unwrap();
    }

    #[test]
    fn a_url_keeps_its_login_and_path() {
        let proxy = FaultProxy::start("127.0.0.1:1");
        let port = proxy.port();
        assert_eq!(
            proxy.in_front_of("postgres://auth@127.0.0.1:5432/db"),
            format!("postgres://auth@127.0.0.1:{port}/db")
        );
        assert_eq!(
            proxy.in_front_of("redis://h:1"),
            format!("redis://127.0.0.1:{port}")
        );
    }
}
