//! Asks a server whether it can serve, with the first bytes of its own protocol.
//!
//! Spawning `pg_isready` or `rabbitmqctl` for each question would cost more than the start-up
//! that is waited for.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_millis(500);

/// PostgreSQL begins its answer with `R` (how to authenticate) once it takes connections, and
/// with `E` while it starts or recovers.
pub(crate) fn postgres(port: u16) -> bool {
    let parameters = b"user\0postgres\0database\0postgres\0\0";
    let mut startup = Vec::with_capacity(8 + parameters.len());
    let length = u32::try_from(8 + parameters.len()).unwrap_or_default();
    startup.extend(length.to_be_bytes());
    startup.extend(0x0003_0000_u32.to_be_bytes()); // protocol 3.0
    startup.extend(parameters);
    first_byte(port, &startup) == Some(b'R')
}

/// Redis answers `+PONG`, or an error while it loads.
pub(crate) fn redis(port: u16) -> bool {
    first_byte(port, b"PING\r\n") == Some(b'+')
}

/// RabbitMQ answers the protocol header with a method frame (`Connection.Start`).
pub(crate) fn rabbitmq(port: u16) -> bool {
    first_byte(port, b"AMQP\0\0\x09\x01") == Some(1)
}

/// Whether something takes connections on this port.
pub(crate) fn listens(port: u16) -> bool {
    connect(port).is_some()
}

fn connect(port: u16) -> Option<TcpStream> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, PATIENCE).ok()
}

fn first_byte(port: u16, question: &[u8]) -> Option<u8> {
    let mut stream = connect(port)?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(question).ok()?;
    let mut answer = [0];
    stream.read_exact(&mut answer).ok()?;
    answer.first().copied()
}
