//! Private ports: chosen once, remembered in the server's directory, used again while free.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::error::StackError;

/// Below the kernel's ephemeral range, so that no outgoing connection takes a port between
/// choosing it and listening on it.
const FIRST: u16 = 20_000;
const END: u16 = 32_000;

/// Says whether nothing listens on this port of 127.0.0.1.
#[must_use]
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Finds a free port on 127.0.0.1 for a private server. No port is found twice by one process
/// while there are others: a server listens only some time after its port was found.
///
/// # Errors
/// None is free.
pub fn find_free() -> Result<u16, StackError> {
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    let count = END - FIRST;
    let next = NEXT.get_or_init(|| {
        // A random first try keeps processes that start together apart.
        let random = RandomState::new().hash_one(std::process::id());
        AtomicU16::new(u16::try_from(random % u64::from(count)).unwrap_or_default())
    });
    (0..count)
        .map(|_| FIRST + next.fetch_add(1, Ordering::Relaxed) % count)
        .find(|port| is_free(*port))
        .ok_or(StackError::NoFreePort {
            from: FIRST,
            to: END,
        })
}

/// Picks the port for one purpose of a server: the one asked for, else the one remembered in
/// `dir`, else a free one, which is then remembered.
pub(crate) fn pick(
    dir: &Path,
    server: &'static str,
    purpose: &str,
    wanted: Option<u16>,
) -> Result<u16, StackError> {
    if let Some(port) = wanted {
        return if is_free(port) {
            Ok(port)
        } else {
            Err(StackError::PortTaken { server, port })
        };
    }
    let file = dir.join(format!("{purpose}.port"));
    if let Some(port) = read(&file).filter(|port| is_free(*port)) {
        return Ok(port);
    }
    let port = find_free()?;
    fs::write(&file, format!("{port}\n")).map_err(StackError::at("write", &file))?;
    Ok(port)
}

/// The port that was picked for one purpose of the server in `dir`.
pub(crate) fn remembered(dir: &Path, purpose: &str) -> Result<u16, StackError> {
    let file = dir.join(format!("{purpose}.port"));
    let unknown = || std::io::Error::from(std::io::ErrorKind::NotFound);
    read(&file).ok_or_else(|| StackError::at("read", &file)(unknown()))
}

fn read(file: &Path) -> Option<u16> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_port_is_remembered_while_it_is_free() {
        let dir = tempfile::tempdir().unwrap();
        let first = pick(dir.path(), "Redis", "redis", None).unwrap();
        assert_eq!(pick(dir.path(), "Redis", "redis", None).unwrap(), first);

        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).unwrap();
        assert_ne!(pick(dir.path(), "Redis", "redis", None).unwrap(), first);
    }

    #[test]
    fn ports_found_one_after_the_other_differ() {
        let found: HashSet<u16> = (0..200).map(|_| find_free().unwrap()).collect();
        assert_eq!(found.len(), 200);
    }

    #[test]
    fn a_wanted_port_that_is_taken_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let refused = pick(dir.path(), "Redis", "redis", Some(port));
        assert!(matches!(refused, Err(StackError::PortTaken { .. })));
    }
}
