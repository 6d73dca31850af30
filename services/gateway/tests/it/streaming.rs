//! Large bodies in either direction, without keeping them.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use test_support::http::assert_envelope;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::app::{Options, TestGateway, json};

const MIB: usize = 1024 * 1024;

/// Resident memory of this process, in bytes: client, gateway and services together.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

fn zeros(bytes: usize) -> reqwest::Body {
    let piece = Bytes::from(vec![0_u8; 64 * 1024]);
    let pieces =
        stream::iter(0..bytes / piece.len()).map(move |_| Ok::<_, std::io::Error>(piece.clone()));
    reqwest::Body::wrap_stream(pieces)
}

#[tokio::test]
async fn a_large_upload_and_download_keep_memory_flat() {
    let gateway = TestGateway::start().await;
    let before = resident();
    let upload = gateway
        .post("/api/v1/products/import")
        .body(zeros(200 * MIB))
        .send()
        .await
        .unwrap();
    assert_eq!(upload.status(), 200);
    assert_eq!(gateway.services.last_seen().body_bytes, 200 * MIB);
    assert_eq!(
        gateway.services.last_seen().header("transfer-encoding"),
        Some("chunked")
    );
    let after_upload = resident();

    let download = gateway
        .get("/api/v1/products/export/big?n=209715200")
        .send()
        .await
        .unwrap();
    let mut received = 0;
    let mut body = download.bytes_stream();
    while let Some(chunk) = body.next().await {
        received += chunk.unwrap().len();
    }
    assert_eq!(received, 200 * MIB);
    let after_download = resident();
    let grown = after_upload.max(after_download).saturating_sub(before);
    // Other tests of this binary run meanwhile, so this is coarse; a buffered body would be 200 MiB.
    assert!(grown < 60 * MIB, "grew by {} MiB", grown / MIB);
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_before_it_is_sent() {
    let gateway = TestGateway::start().await;
    let head = |length: &str| {
        format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{{}}"
        )
    };
    for length in ["1000000000000", "262145"] {
        let started = Instant::now();
        let answer = gateway.raw(head(length)).await;
        assert_envelope(answer.status(), (413, "PAYLOAD_TOO_LARGE"), &answer.json());
        assert_eq!(answer.header("connection").as_deref(), Some("close"));
        assert!(started.elapsed() < Duration::from_secs(2));
    }
    assert!(gateway.services.seen().is_empty());
}

#[tokio::test]
async fn chunks_without_end_are_413_when_they_pass_the_limit() {
    let gateway = TestGateway::start().await;
    let answer = gateway
        .post("/api/v1/auth/login")
        .body(zeros(64 * MIB))
        .send()
        .await;
    // The client may notice the closed connection before it reads the answer.
    if let Ok(answer) = answer {
        assert_envelope(
            answer.status().as_u16(),
            (413, "PAYLOAD_TOO_LARGE"),
            &json(answer).await,
        );
    }
    let mut socket = tokio::net::TcpStream::connect(gateway.address)
        .await
        .unwrap();
    socket
        .write_all(
            b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        )
        .await
        .unwrap();
    let chunk = [b"10000\r\n".as_slice(), &[b'x'; 65536], b"\r\n"].concat();
    for _ in 0..5 {
        let _ = socket.write_all(&chunk).await;
    }
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(5), socket.read_to_end(&mut answer)).await;
    assert!(
        answer.starts_with(b"HTTP/1.1 413"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
}

#[tokio::test]
async fn a_sender_that_dawdles_is_sent_away() {
    let gateway = Options::default()
        .set("GATEWAY__UPLOAD__GRACE_MS", 300)
        .start()
        .await;
    let started = Instant::now();
    let answer = gateway
        .raw("POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
        .await;
    assert_envelope(answer.status(), (408, "VALIDATION_ERROR"), &answer.json());
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );

    // One byte now and then does not help.
    let mut socket = tokio::net::TcpStream::connect(gateway.address)
        .await
        .unwrap();
    socket
        .write_all(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let started = Instant::now();
    while answer.is_empty() && started.elapsed() < Duration::from_secs(5) {
        let _ = socket.write_all(b"x").await;
        let _ =
            tokio::time::timeout(Duration::from_millis(100), socket.read_buf(&mut answer)).await;
    }
    assert!(
        answer.starts_with(b"HTTP/1.1 408"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
}

#[tokio::test]
async fn an_answer_that_comes_before_the_body_is_not_lost() {
    let gateway = TestGateway::start().await;
    let started = Instant::now();
    let answer = gateway
        .post("/api/v1/products/import/early")
        .body(vec![0_u8; 20 * MIB])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401, "after {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
async fn an_answer_cut_short_is_not_passed_off_as_whole() {
    let gateway = TestGateway::start().await;
    let answer = gateway
        .get("/api/v1/products/cut?n=5000000")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err());
}

#[tokio::test]
async fn known_lengths_stay_known() {
    let gateway = TestGateway::start().await;
    let answer = gateway
        .get("/api/v1/products/sized?n=300000")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["content-length"], "300000");
    assert_eq!(answer.bytes().await.unwrap().len(), 300_000);
}

#[tokio::test]
async fn an_expected_continue_is_given() {
    let gateway = TestGateway::start().await;
    let mut socket = tokio::net::TcpStream::connect(gateway.address)
        .await
        .unwrap();
    socket
        .write_all(
            b"POST /api/v1/products HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
        )
        .await
        .unwrap();
    let mut answer = Vec::new();
    socket.read_buf(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 100"));
    socket.write_all(b"{}").await.unwrap();
    answer.clear();
    socket.read_buf(&mut answer).await.unwrap();
    assert!(
        answer.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    assert_eq!(gateway.services.last_seen().header("expect"), None);
}
