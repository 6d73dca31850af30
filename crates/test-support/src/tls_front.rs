//! A server that is reached encrypted, as those are that somebody else runs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::address::{moved, place};
use crate::beside;

/// In front of one server, on a port of its own, with a certificate for `127.0.0.1`; it ends with this value.
#[derive(Debug)]
pub struct TlsFront {
    url: String,
    dir: TempDir,
    _running: DropGuard,
}

impl TlsFront {
    /// In front of where `url` leads.
    ///
    /// # Panics
    /// If there is no `host:port` in it.
    pub fn start(url: &str) -> Self {
        common::crypto::install_providers();
        let dir = tempfile::tempdir().expect("a temporary directory");
        let acceptor = TlsAcceptor::from(Arc::new(server_config(dir.path())));
        let stop = CancellationToken::new();
        let upstream = place(url).to_owned();
        let address = beside::serve(stop.clone(), move |client| {
            serve(client, acceptor.clone(), upstream.clone())
        });
        let moved = moved(url, address);
        let (scheme, rest) = moved.split_once("://").expect("a URL");
        Self {
            url: format!("{scheme}s://{rest}"),
            dir,
            _running: stop.drop_guard(),
        }
    }

    /// The encrypted way to the same place.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The one authority that vouches for it, in PEM.
    pub fn authority(&self) -> PathBuf {
        self.dir.path().join("server.crt")
    }
}

/// Makes a key, and a certificate that is its own authority.
fn server_config(dir: &Path) -> ServerConfig {
    let (key, certificate) = (dir.join("server.key"), dir.join("server.crt"));
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args([
            "-subj",
            "/CN=server",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .args(["-addext", "subjectAltName=IP:127.0.0.1"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl runs");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let key = PrivateKeyDer::from_pem_file(key).expect("a key");
    let certificate = CertificateDer::from_pem_file(certificate).expect("a certificate");
    ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("the key and the certificate belong together")
}

/// A client that wants no certificate of ours, or speaks in the open, is hung up on.
async fn serve(client: TcpStream, acceptor: TlsAcceptor, upstream: String) {
    let Ok(mut client) = acceptor.accept(client).await else {
        return;
    };
    let Ok(mut server) = TcpStream::connect(upstream).await else {
        return;
    };
    let _ = copy_bidirectional(&mut client, &mut server).await;
}
