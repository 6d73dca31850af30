//! Services that are down, slow, rude or full. The client gets a 503 with `Retry-After` in time, never a hang.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use test_support::http::assert_envelope;
use test_support::{Fault, FaultProxy};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::app::{Options, json};
use crate::services::Services;

fn with_catalog(url: &str) -> Options {
    Options::default().set("GATEWAY__UPSTREAMS__CATALOG__URL", url)
}

async fn assert_unavailable(answer: reqwest::Response) {
    assert!(answer.headers().contains_key("retry-after"));
    assert_envelope(
        answer.status().as_u16(),
        (503, "SERVICE_UNAVAILABLE"),
        &json(answer).await,
    );
}

#[tokio::test]
async fn a_service_that_is_down_is_503_and_comes_back_without_a_restart() {
    let catalog = Services::start();
    let gateway = with_catalog(&catalog.url()).start().await;
    assert_eq!(
        gateway
            .get("/api/v1/products")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let address = catalog.stop().await;
    let started = Instant::now();
    // More than the breaker needs to open.
    for _ in 0..20 {
        assert_unavailable(gateway.get("/api/v1/products").send().await.unwrap()).await;
    }
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    // Its neighbours do not notice.
    assert_eq!(
        gateway
            .get("/api/v1/auth/me")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let catalog = Services::start_at(address);
    let started = Instant::now();
    while gateway
        .get("/api/v1/products")
        .send()
        .await
        .unwrap()
        .status()
        != 200
    {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "it does not come back"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!catalog.seen().is_empty());
}

#[tokio::test]
async fn an_open_breaker_spares_the_service() {
    let catalog = Services::start();
    let proxy = FaultProxy::start(catalog.address.to_string());
    proxy.set(Fault::Reset);
    let url = format!("http://{}", proxy.address());
    let gateway = with_catalog(&url).start().await;
    for _ in 0..30 {
        assert_unavailable(gateway.get("/api/v1/products").send().await.unwrap()).await;
    }
    // Ten failures open it; each GET was tried twice.
    assert!(proxy.accepted() <= 24, "{} connections", proxy.accepted());
}

#[tokio::test]
async fn silence_is_not_waited_for() {
    let catalog = Services::start();
    let proxy = FaultProxy::start(catalog.address.to_string());
    let url = format!("http://{}", proxy.address());
    let gateway = with_catalog(&url).start().await;
    assert_eq!(
        gateway
            .get("/api/v1/products")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    proxy.set(Fault::Blackhole);
    let started = Instant::now();
    assert_unavailable(gateway.get("/api/v1/products").send().await.unwrap()).await;
    let took = started.elapsed();
    assert!(
        took > Duration::from_secs(8) && took < Duration::from_secs(13),
        "{took:?}"
    );
    proxy.heal();
    assert_eq!(
        gateway
            .get("/api/v1/products")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn what_is_not_http_is_503() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = std::io::Write::write_all(&mut stream.unwrap(), b"220 smtp ready\r\n");
        }
    });
    let gateway = with_catalog(&url).start().await;
    assert_unavailable(gateway.get("/api/v1/products").send().await.unwrap()).await;
}

/// Answers the first request of its first connection and closes that connection on the second.
async fn forgetful_service() -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    tokio::spawn(async move {
        for connection in 0.. {
            let (mut socket, _) = listener.accept().await.unwrap();
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut buffer = vec![0_u8; 16 * 1024];
                while let Ok(1..) = socket.read(&mut buffer).await {
                    let number = count.fetch_add(1, Ordering::SeqCst);
                    if connection == 0 && number > 0 {
                        return;
                    }
                    let _ = socket
                        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                        .await;
                }
            });
        }
    });
    (url, requests)
}

#[tokio::test]
async fn a_dead_connection_is_tried_again_once_for_reads() {
    let (url, requests) = forgetful_service().await;
    let gateway = with_catalog(&url).set("GATEWAY__WORKERS", 1).start().await;
    for _ in 0..3 {
        assert_eq!(
            gateway
                .get("/api/v1/products")
                .send()
                .await
                .unwrap()
                .status(),
            200
        );
    }
    assert_eq!(
        requests.load(Ordering::SeqCst),
        4,
        "three and one second try"
    );
}

#[tokio::test]
async fn a_write_is_never_sent_twice() {
    let (url, requests) = forgetful_service().await;
    let gateway = with_catalog(&url).set("GATEWAY__WORKERS", 1).start().await;
    assert_eq!(
        gateway
            .get("/api/v1/products")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let answer = gateway
        .post("/api/v1/products")
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_unavailable(answer).await;
    assert_eq!(requests.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_full_service_is_queued_for_by_time_and_then_refused() {
    let gateway = Options::default()
        .set("GATEWAY__ADMISSION__IN_FLIGHT_MAX", 2)
        .set("GATEWAY__ADMISSION__WAITING_MAX", 3)
        .start()
        .await;
    let ask = async || {
        let started = Instant::now();
        let answer = gateway
            .get("/api/v1/products/slow?n=1500")
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), started.elapsed())
    };
    let answers = join_all((0..10).map(|_| ask())).await;
    let served = answers.iter().filter(|(status, _)| *status == 200).count();
    let at_once = answers
        .iter()
        .filter(|(s, took)| *s == 503 && *took < Duration::from_millis(300))
        .count();
    let in_line = answers
        .iter()
        .filter(|(s, took)| *s == 503 && (400..1400).contains(&took.as_millis()))
        .count();
    assert_eq!((served, at_once, in_line), (2, 5, 3), "{answers:?}");
}

#[tokio::test]
async fn a_buyer_waits_longer_than_others() {
    let gateway = Options::default()
        .set("GATEWAY__ADMISSION__IN_FLIGHT_MAX", 1)
        .start()
        .await;
    let ask = async |path: &str| gateway.get(path).send().await.unwrap().status().as_u16();
    let payments = join_all([
        ask("/api/v1/payments/slow?n=1200"),
        ask("/api/v1/payments/slow?n=1200"),
    ])
    .await;
    assert_eq!(payments, [200, 200]);
    let products = join_all([
        ask("/api/v1/products/slow?n=1200"),
        ask("/api/v1/products/slow?n=1200"),
    ])
    .await;
    assert_eq!(products.iter().sum::<u16>(), 200 + 503);
}

#[tokio::test]
async fn health_tells_what_is_down() {
    let catalog = Services::start();
    let gateway = Options::default()
        .set("GATEWAY__UPSTREAMS__CATALOG__OPS_URL", catalog.url())
        .start()
        .await;
    let answer = gateway.get("/healthz").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let body = json(answer).await;
    assert_eq!(body["status"], "healthy");
    let services: Vec<_> = body["services"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(services, ["auth", "catalog", "payments"]);
    assert!(body["services"]["auth"]["latencyMs"].is_u64());
    assert!(
        body["uptime"].is_u64() && body["version"].is_string() && body["timestamp"].is_string()
    );
    catalog.stop().await;
    // The probes are remembered for two seconds.
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let answer = gateway.get("/healthz").send().await.unwrap();
    assert_eq!(answer.status(), 503);
    let body = json(answer).await;
    assert_eq!(body["status"], "unhealthy");
    assert_eq!(body["services"]["catalog"]["status"], "unhealthy");
}
