//! What is answered while PostgreSQL or Redis is away, and afterwards.

use std::time::{Duration, Instant};

use test_support::{PrivatePostgres, TestDb, TestRedis};

use crate::app::{Options, PASSWORD, TestApp, prepare};

const WRONG: &str = "Wrong-Harbour-42";

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_requests_are_told_to_come_back_and_do_when_it_does() {
    let mut server = PrivatePostgres::start();
    let db = TestDb::start_on(&server, "auth", prepare);
    let app = TestApp::start_with(Options {
        database_url: Some(db.url()),
        ..Options::default()
    })
    .await;
    let ada = app.register("ada@example.com").await;

    server.kill();
    for _ in 0..5 {
        let started = Instant::now();
        let reply = app.login("ada@example.com", PASSWORD).await;
        reply.assert_error(503, "SERVICE_UNAVAILABLE");
        assert!(reply.headers.contains_key("retry-after"));
        assert!(
            started.elapsed() < Duration::from_secs(4),
            "{:?}",
            started.elapsed()
        );
    }
    app.refresh(&ada.refresh)
        .await
        .assert_error(503, "SERVICE_UNAVAILABLE");
    assert_eq!(app.readiness().await, 503);
    assert_eq!(app.ops("/livez").await, 200);

    server.restart();
    let back = Instant::now();
    while app.readiness().await != 200 {
        assert!(
            back.elapsed() < Duration::from_secs(10),
            "not ready 10 s after PostgreSQL came back"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(app.login("ada@example.com", PASSWORD).await.status, 200);
    assert_eq!(app.refresh(&ada.refresh).await.status, 200);
}

#[tokio::test]
async fn without_redis_logins_go_on_and_stay_limited() {
    let mut redis = TestRedis::private();
    let options = Options {
        redis_url: Some(redis.url().to_owned()),
        variables: vec![("AUTH__RATE_LIMIT__ACCOUNT", "8".to_owned())],
        ..Options::default()
    };
    let app = TestApp::start_with(options).await;
    app.register("ada@example.com").await;
    redis.kill();
    let started = Instant::now();
    assert_eq!(app.login("ada@example.com", PASSWORD).await.status, 200);
    assert!(
        started.elapsed() < Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(app.readiness().await, 200, "Redis is not needed to serve");
    let mut limited = 0;
    for _ in 0..20 {
        limited += u32::from(app.login("ada@example.com", WRONG).await.status == 429);
    }
    assert!(limited >= 12, "this process limits by itself: {limited}");
    redis.restart();
    assert_eq!(app.login("eve@example.com", WRONG).await.status, 401);
}
