//! HTTP as bytes, for requests that no client library would send.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, ToSocketAddrs};
use tokio::time::timeout;

/// How long a server may take to answer or to close the connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came back on the socket.
#[derive(Debug, Clone)]
pub struct RawResponse {
    /// Everything until the server closed the connection or, once it had answered, paused.
    pub bytes: Vec<u8>,
}

/// Sends `request` as it is and reads what comes back.
///
/// Reading ends when the server closes the connection, or half a second after the last byte: a
/// kept-alive connection never ends by itself. Nothing within ten seconds gives an empty answer.
///
/// # Panics
/// If the server does not accept the connection.
pub async fn send_raw(address: impl ToSocketAddrs, request: &[u8]) -> RawResponse {
    let mut stream = TcpStream::connect(address)
        .await
        .expect("the server accepts");
    // A server that refuses early closes before it has read everything: not an error here.
    let _ = stream.write_all(request).await;
    let mut bytes = Vec::new();
    let mut patience = PATIENCE;
    while let Ok(Ok(1..)) = timeout(patience, stream.read_buf(&mut bytes)).await {
        patience = Duration::from_millis(500);
    }
    RawResponse { bytes }
}

impl RawResponse {
    /// Whether the server said nothing at all.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The status of the first response.
    ///
    /// # Panics
    /// If it is not an HTTP/1 response.
    pub fn status(&self) -> u16 {
        let text = self.text();
        let line = text.lines().next().unwrap_or_default();
        let status = line
            .strip_prefix("HTTP/1.")
            .and_then(|rest| rest.split(' ').nth(1));
        match status.and_then(|status| status.parse().ok()) {
            Some(status) => status,
            None => panic!("not an HTTP response: {text:?}"),
        }
    }

    /// How many responses came: more than were asked for means that a request was smuggled.
    pub fn responses(&self) -> usize {
        self.text().matches("HTTP/1.1 ").count()
    }

    /// The first value of a header of the first response.
    pub fn header(&self, name: &str) -> Option<String> {
        let text = self.text();
        let (head, _) = text.split_once("\r\n\r\n")?;
        head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        })
    }

    /// The body of the first response as JSON.
    ///
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> Value {
        let text = self.text();
        let (_, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        // Tolerates chunked framing around a single object.
        let object = body
            .find('{')
            .zip(body.rfind('}'))
            .and_then(|(from, to)| body.get(from..=to));
        match object.map(serde_json::from_str) {
            Some(Ok(json)) => json,
            _ => panic!("no JSON in {text:?}"),
        }
    }

    /// Everything as text, with what is not UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// Asserts that an answer is an error in the one envelope that all services share.
///
/// # Panics
/// If the status, the code or the shape differs.
#[track_caller]
pub fn assert_envelope(status: u16, expected: (u16, &str), body: &Value) {
    let code = body.get("code").and_then(Value::as_str);
    assert_eq!(
        (status, code),
        (expected.0, Some(expected.1)),
        "unexpected answer: {body}"
    );
    assert_eq!(body.get("status"), Some(&Value::from("error")), "{body}");
    for field in ["message", "userMessage", "timestamp", "requestId"] {
        let text = body.get(field).and_then(Value::as_str).unwrap_or_default();
        assert!(!text.is_empty(), "`{field}` is missing or empty: {body}");
    }
    let timestamp = body
        .get("timestamp")
        .and_then(Value::as_str)
        .unwrap_or_default();
    assert!(
        timestamp.ends_with('Z'),
        "the time must be UTC with a Z: {body}"
    );
    let details = body.get("details").and_then(Value::as_array);
    let details = details.unwrap_or_else(|| panic!("`details` must be an array: {body}"));
    for detail in details {
        for field in ["field", "message"] {
            let is_text = detail.get(field).is_some_and(Value::is_string);
            assert!(is_text, "each detail has a `{field}`: {body}");
        }
    }
    assert_no_internals(body);
}

/// Asserts that an answer shows nothing of our inside.
///
/// # Panics
/// If it does.
#[track_caller]
pub fn assert_no_internals(body: &Value) {
    let text = body.to_string().to_lowercase();
    for leak in [
        "select ",
        "insert into",
        "panicked",
        "src/",
        ".rs:",
        "diesel",
        "postgres",
        "sqlstate",
    ] {
        assert!(!text.contains(leak), "the answer shows {leak:?}: {body}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn error() -> Value {
        json!({
            "status": "error", "code": "NOT_FOUND", "message": "no such order",
            "userMessage": "We could not find that", "timestamp": "2026-01-13T10:30:00.123Z",
            "requestId": "abc", "details": [],
        })
    }

    #[test]
    fn the_envelope_is_accepted() {
        assert_envelope(404, (404, "NOT_FOUND"), &error());
    }

    #[test]
    #[should_panic(expected = "`requestId` is missing")]
    fn a_missing_field_is_found() {
        let mut body = error();
        body["requestId"] = json!(null);
        assert_envelope(404, (404, "NOT_FOUND"), &body);
    }

    #[test]
    #[should_panic(expected = "the answer shows")]
    fn a_leaked_query_is_found() {
        let mut body = error();
        body["message"] = json!("error in SELECT * FROM orders");
        assert_envelope(404, (404, "NOT_FOUND"), &body);
    }

    #[test]
    fn a_raw_response_is_taken_apart() {
        let response = RawResponse {
            bytes: b"HTTP/1.1 400 Bad Request\r\nX-A: b\r\n\r\n9\r\n{\"a\": 1}\r\n0\r\n\r\n"
                .to_vec(),
        };
        assert_eq!(response.status(), 400);
        assert_eq!(response.header("x-a").as_deref(), Some("b"));
        assert_eq!(response.json(), json!({"a": 1}));
        assert_eq!(response.responses(), 1);
    }
}
