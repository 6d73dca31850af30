//! The listening sockets of the services, and who is in the way when a port is taken.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::Path;

use anyhow::{Context, Result, anyhow};

/// The two sockets of a service.
#[derive(Debug)]
pub struct Sockets {
    http: TcpListener,
    ops: TcpListener,
}

/// Where to listen.
#[derive(Debug, Clone)]
pub struct Place {
    /// The address.
    pub host: IpAddr,
    /// The port.
    pub port: Port,
}

/// A port, and the variable by which a person may choose another.
#[derive(Debug, Clone)]
pub struct Port {
    /// The number.
    pub number: u16,
    /// The variable that sets it.
    pub variable: String,
}

impl Sockets {
    /// Listens on both addresses.
    ///
    /// # Errors
    /// A port is taken; the error names the program that has it and the variable to change.
    pub fn bind(service: &str, http: &Place, ops: &Place) -> Result<Self> {
        Ok(Self {
            http: listen(service, http)?,
            ops: listen(service, ops)?,
        })
    }

    /// Where the service's API is.
    ///
    /// # Errors
    /// The kernel does not say.
    pub fn http_address(&self) -> io::Result<SocketAddr> {
        self.http.local_addr()
    }

    /// Where the service's health and metrics are.
    ///
    /// # Errors
    /// The kernel does not say.
    pub fn ops_address(&self) -> io::Result<SocketAddr> {
        self.ops.local_addr()
    }

    /// Copies for a child process: first the API, then operations.
    pub(super) fn for_child(&self) -> io::Result<[OwnedFd; 2]> {
        Ok([self.http.try_clone()?.into(), self.ops.try_clone()?.into()])
    }
}

fn listen(service: &str, place: &Place) -> Result<TcpListener> {
    let Place { host, port } = place;
    TcpListener::bind((*host, port.number)).map_err(|error| {
        if error.kind() != io::ErrorKind::AddrInUse {
            return anyhow!(error).context(format!(
                "{service} cannot listen on {host}:{} (set by {})",
                port.number, port.variable
            ));
        }
        let owner = owner_of(port.number).unwrap_or_else(|| "another program".to_owned());
        anyhow!(
            "port {}, wanted by {service}, is used by {owner}; stop that, or choose another port \
             with {}",
            port.number,
            port.variable
        )
    })
}

/// The program that listens on a port, as far as this user may see it.
#[must_use]
pub fn owner_of(port: u16) -> Option<String> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .find_map(|table| listening_inode(&fs::read_to_string(table).ok()?, port))?;
    let socket = format!("socket:[{inode}]");
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes
        .filter(|entry| {
            entry
                .file_name()
                .to_str()
                .is_some_and(|name| name.parse::<u32>().is_ok())
        })
        .find(|entry| holds(&entry.path(), &socket))
        .and_then(|entry| describe(&entry.path()).ok())
}

/// The inode of the listening socket on `port` in a table of `/proc/net`.
fn listening_inode(table: &str, port: u16) -> Option<String> {
    const LISTEN: &str = "0A";
    let suffix = format!(":{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_it = fields.get(1)?.ends_with(&suffix) && fields.get(3) == Some(&LISTEN);
        is_it.then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
    })
}

fn holds(process: &Path, socket: &str) -> bool {
    let descriptors = fs::read_dir(process.join("fd"))
        .into_iter()
        .flatten()
        .flatten();
    descriptors
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .any(|target| target.as_os_str() == socket)
}

fn describe(process: &Path) -> Result<String> {
    let name = fs::read_to_string(process.join("comm")).context("it ended")?;
    let pid = process
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(format!("{} (process {pid})", name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn a_taken_port_names_its_owner_and_the_variable() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let number = taken.local_addr().unwrap().port();
        let port = Port {
            number,
            variable: "AUTH__PORT".to_owned(),
        };
        let place = Place {
            host: IpAddr::from(Ipv4Addr::LOCALHOST),
            port,
        };
        let message = Sockets::bind("auth", &place, &place)
            .unwrap_err()
            .to_string();
        assert!(message.contains("AUTH__PORT"), "{message}");
        assert!(
            message.contains(&format!("process {}", std::process::id())),
            "{message}"
        );
    }

    #[test]
    fn only_listening_sockets_count() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:0BB8 0100007F:1234 01 00000000:00000000 00:00000000 00000000 0 0 11 1 0\n\
            1: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 22 1 0\n";
        assert_eq!(listening_inode(table, 3000).as_deref(), Some("22"));
        assert_eq!(listening_inode(table, 3001), None);
    }
}
