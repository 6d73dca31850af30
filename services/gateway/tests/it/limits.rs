//! Heads that are too large, too many or too slow.

use std::time::{Duration, Instant};

use test_support::http::assert_envelope;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::app::TestGateway;

#[tokio::test]
async fn oversized_heads_are_refused() {
    let gateway = TestGateway::start().await;
    let many: String = (0..80).map(|n| format!("X-H{n}: v\r\n")).collect();
    let far_too_many: String = (0..500).map(|n| format!("X-H{n}: v\r\n")).collect();
    let get =
        |target: &str, headers: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
    for (name, request, status) in [
        (
            "a long header",
            get(
                "/api/v1/products",
                &format!("X-A: {}\r\n", "a".repeat(60_000)),
            ),
            431,
        ),
        ("many headers", get("/api/v1/products", &many), 431),
        ("500 headers", get("/api/v1/products", &far_too_many), 431),
        (
            "an endless header",
            get("/api/v1/products", &format!("X-A: {}", "a".repeat(200_000))),
            431,
        ),
        (
            "a long path",
            get(&format!("/api/v1/products/{}", "a".repeat(9_000)), ""),
            414,
        ),
        (
            "a long query",
            get(&format!("/api/v1/products?q={}", "a".repeat(9_000)), ""),
            414,
        ),
    ] {
        let answer = gateway.raw(&request).await;
        assert_eq!(answer.status(), status, "{name}: {}", answer.text());
    }
    // Longer than a URI can be at all.
    let answer = gateway
        .raw(get(&format!("/{}", "a".repeat(66_000)), ""))
        .await;
    assert!(matches!(answer.status(), 400 | 414), "{}", answer.text());
    let answer = gateway.raw(get("/api/v1/products", &many)).await;
    assert_envelope(answer.status(), (431, "VALIDATION_ERROR"), &answer.json());
    assert!(gateway.services.seen().is_empty());
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let gateway = TestGateway::start().await;
    for start in ["", "GET /api/v1/products HTTP/1.1\r\nHost: a\r\n"] {
        let mut socket = TcpStream::connect(gateway.address).await.unwrap();
        socket.write_all(start.as_bytes()).await.unwrap();
        let started = Instant::now();
        let mut answer = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(10), socket.read_to_end(&mut answer));
        ended.await.expect("the gateway gives up first").unwrap();
        assert!(started.elapsed() < Duration::from_secs(8));
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"));
    }
}

#[tokio::test]
async fn a_thousand_idle_connections_do_not_hinder_others() {
    let gateway = TestGateway::start().await;
    let mut idle = Vec::new();
    for _ in 0..1_000 {
        idle.push(TcpStream::connect(gateway.address).await.unwrap());
    }
    let started = Instant::now();
    let answer = gateway.get("/api/v1/products").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(
        started.elapsed() < Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
}
