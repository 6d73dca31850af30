//! PostgreSQL goes away and comes back under requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::ids;
use reqwest::Method;
use serde_json::json;
use test_support::service::Reply;
use test_support::{PrivatePostgres, TestDb};
use uuid::Uuid;

use crate::app::TestApp;
use crate::orders::wanted;
use crate::world::{World, prepare};

fn assert_come_again(reply: &Reply) {
    reply.assert_error(503, "SERVICE_UNAVAILABLE");
    assert_ne!(reply.header("retry-after"), "");
}

/// Until the database answers again.
async fn until_up(app: &TestApp) {
    let path = format!("reservations/{}", ids::new_id());
    for _ in 0..400 {
        let reply = app.internal(Method::GET, &path, None).await;
        if reply.status == 404 {
            return;
        }
        assert_come_again(&reply);
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it does not recover");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_everything_is_a_503_and_recovers_by_itself() {
    let mut postgres = PrivatePostgres::start();
    let db = TestDb::start_on(&postgres, "inventory", prepare);
    let app = TestApp::start_in(World::on(db), &[]).await;
    let (variant, held, user) = (app.stocked(5).await, ids::new_id(), ids::new_id());
    app.reserve(held, user, &[(variant, 2)])
        .await
        .assert_success(201);
    postgres.kill();
    let begun = Instant::now();
    let body = wanted(ids::new_id(), user, &[(variant, 1)], 900);
    for (method, path, body) in [
        (Method::POST, "reservations".to_owned(), Some(&body)),
        (Method::GET, format!("reservations/{held}"), None),
        (Method::POST, format!("reservations/{held}/extend"), None),
        (Method::POST, format!("reservations/{held}/commit"), None),
        (Method::POST, format!("reservations/{held}/release"), None),
    ] {
        assert_come_again(&app.internal(method, &path, body).await);
    }
    let count = json!({ "quantity": 9, "operation": "set" });
    for (method, path, body) in [
        (Method::GET, String::new(), None),
        (Method::GET, "/low-stock".to_owned(), None),
        (Method::GET, "/stats".to_owned(), None),
        (Method::GET, format!("/{variant}"), None),
        (Method::GET, format!("/{variant}/movements"), None),
        (Method::PATCH, format!("/{variant}/stock"), Some(&count)),
    ] {
        assert_come_again(&app.staff("admin", method, &path, body).await);
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "it hangs");
    tokio::task::block_in_place(|| postgres.restart());
    until_up(&app).await;
    assert_eq!(app.stock_of(variant).await, (5, 2));
    let sold = app.command(held, "commit").await;
    assert_eq!(sold.assert_success(200)["outcome"], "committed");
    app.assert_sound().await;
}

/// What the buyers of a storm share.
struct Storm {
    app: TestApp,
    variants: Vec<Uuid>,
    is_over: AtomicBool,
    refused: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_that_dies_under_orders_leaves_nothing_half_done() {
    let mut postgres = PrivatePostgres::start();
    let db = TestDb::start_on(&postgres, "inventory", prepare);
    let app = TestApp::start_in(World::on(db), &[]).await;
    let mut variants = Vec::new();
    for _ in 0..4 {
        variants.push(app.stocked(100_000).await);
    }
    let storm = Arc::new(Storm {
        app,
        variants,
        is_over: AtomicBool::new(false),
        refused: AtomicUsize::new(0),
    });
    let buyers: Vec<_> = (0..16)
        .map(|number| {
            let storm = Arc::clone(&storm);
            tokio::spawn(async move { storm.buy(number).await })
        })
        .collect();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        postgres.kill();
        tokio::time::sleep(Duration::from_millis(300)).await;
        tokio::task::block_in_place(|| postgres.restart());
        until_up(&storm.app).await;
    }
    tokio::time::sleep(Duration::from_millis(400)).await;
    storm.is_over.store(true, Ordering::Relaxed);
    let mut sold = 0;
    for buyer in buyers {
        sold += buyer.await.unwrap();
    }
    assert!(storm.refused.load(Ordering::Relaxed) > 0, "nobody noticed");
    let app = &storm.app;
    let units = app
        .rows("SELECT -coalesce(sum(delta), 0)::bigint AS sold FROM inventory.movements WHERE kind = 'commit'")
        .await;
    // What was answered is there, and nothing else.
    assert_eq!(units[0]["sold"], sold);
    app.until_nothing_is_held().await;
    app.assert_sound().await;
}

impl Storm {
    /// Orders one after another, each sold or given back; answers how many units were sold.
    async fn buy(&self, number: usize) -> i64 {
        let mut sold = 0;
        let mut turn = number;
        while !self.is_over.load(Ordering::Relaxed) {
            turn += 1;
            let (order, user) = (ids::new_id(), ids::new_id());
            let (one, other) = (self.variants[turn % 4], self.variants[(turn + 1) % 4]);
            let body = wanted(order, user, &[(one, 1), (other, 2)], 900);
            let reply = self.ask("reservations", Some(&body)).await;
            assert!(matches!(reply.status, 200 | 201), "{}", reply.body);
            let command = if turn.is_multiple_of(3) {
                "release"
            } else {
                "commit"
            };
            let path = format!("reservations/{order}/{command}");
            let reply = self.ask(&path, None).await;
            if command == "commit" {
                assert_eq!(reply.assert_success(200)["outcome"], "committed");
                sold += 3;
            }
        }
        sold
    }

    /// Asks again while the database is away. No other refusal is to be met.
    async fn ask(&self, path: &str, body: Option<&serde_json::Value>) -> Reply {
        for _ in 0..600 {
            let reply = self.app.internal(Method::POST, path, body).await;
            if reply.status < 300 {
                return reply;
            }
            assert_come_again(&reply);
            self.refused.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("no answer to {path}");
    }
}
