//! A server on the wire that answers as a test says: also with nothing, or not at all.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::beside;

/// What was asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// As sent, such as `POST`.
    pub method: String,
    /// With its query.
    pub path: String,
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    /// As sent.
    pub body: Vec<u8>,
    /// When it had arrived.
    pub at: Instant,
}

impl Request {
    /// A header by its name in lower case; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// This.
    Answer {
        /// The status.
        status: u16,
        /// Further headers.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: String,
    },
    /// The connection is closed without a word.
    HangUp,
    /// The connection stays open without a word.
    Silence,
}

impl Reply {
    /// A success in the shape that our services share.
    pub fn success(data: &serde_json::Value) -> Self {
        Self::json(
            200,
            &serde_json::json!({ "status": "success", "data": data }),
        )
    }

    /// An error in the shape that our services share.
    pub fn error(status: u16, code: &str) -> Self {
        Self::json(
            status,
            &serde_json::json!({ "status": "error", "code": code }),
        )
    }

    /// A JSON body.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::Answer {
            status,
            headers: Vec::new(),
            body: body.to_string(),
        }
    }
}

type Handler = Arc<dyn Fn(&Request) -> Reply + Send + Sync>;

/// The server; it ends with this value.
pub struct StandIn {
    /// `http://127.0.0.1:port`.
    pub origin: String,
    stop: CancellationToken,
}

impl StandIn {
    /// Starts it on a free port.
    ///
    /// # Panics
    /// If it cannot.
    pub fn start(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let handler: Handler = Arc::new(handler);
        let stop = CancellationToken::new();
        let address = beside::serve(stop.clone(), move |stream| {
            serve(stream, Arc::clone(&handler))
        });
        let origin = format!("http://{address}");
        Self { origin, stop }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// One request on each connection.
async fn serve(mut stream: TcpStream, handler: Handler) {
    let Some(request) = read(&mut stream).await else {
        return;
    };
    match handler(&request) {
        Reply::HangUp => {}
        Reply::Silence => std::future::pending().await,
        Reply::Answer {
            status,
            headers,
            body,
        } => {
            let mut head = format!(
                "HTTP/1.1 {status} Whatever\r\nconnection: close\r\ncontent-length: {}\r\n",
                body.len()
            );
            for (name, value) in headers {
                head.extend([name, ": ", &value, "\r\n"]);
            }
            let answer = format!("{head}\r\n{body}");
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        if let Some(at) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break at;
        }
    };
    let rest = bytes.split_off(head_end);
    let head = String::from_utf8(bytes).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers
        .get("content-length")
        .map_or(0, |text| text.parse().unwrap());
    let mut body = rest.get(4..).unwrap_or_default().to_vec();
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Request {
        method,
        path,
        headers,
        body,
        at: Instant::now(),
    })
}
