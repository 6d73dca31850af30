//! Stopping: what is in flight finishes, what comes after goes elsewhere.

use std::time::{Duration, Instant};

use crate::app::TestGateway;

#[tokio::test]
async fn requests_in_flight_finish_and_connections_close() {
    let mut gateway = TestGateway::start().await;
    let slow = tokio::spawn(gateway.get("/api/v1/products/slow?n=1500").send());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let started = Instant::now();
    gateway.shutdown.cancel();
    let answer = slow.await.unwrap().unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["connection"], "close");
    assert!(answer.text().await.unwrap().contains("1500"));
    let stopped = gateway.stopped.take().unwrap();
    tokio::task::spawn_blocking(move || stopped.join().unwrap())
        .await
        .unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    assert!(gateway.get("/healthz").send().await.is_err());
}
