//! PostgreSQL goes away and comes back under requests.

use std::time::{Duration, Instant};

use common::ids;
use reqwest::Method;
use serde_json::json;
use test_support::service::{Ask as _, Reply};
use test_support::{PrivatePostgres, TestDb};

use crate::app::TestApp;
use crate::shop::staff;
use crate::world::{World, prepare};

fn assert_come_again(reply: &Reply) {
    reply.assert_error(503, "SERVICE_UNAVAILABLE");
    assert_ne!(reply.header("retry-after"), "");
}

/// Until the database answers again.
async fn until_up(app: &TestApp) {
    for _ in 0..400 {
        let reply = app.get_as(staff(), "finance", "/payments").await;
        if reply.status == 200 {
            return;
        }
        assert_come_again(&reply);
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it does not recover");
}

/// Tells something as the provider does: again until it is answered with 200.
async fn until_heard(app: &TestApp, told: &serde_json::Value) {
    for _ in 0..400 {
        let reply = app.webhook(told).await;
        if reply.status == 200 {
            return;
        }
        assert_come_again(&reply);
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it is not heard");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_everything_is_a_503_and_recovers_by_itself() {
    let mut postgres = PrivatePostgres::start();
    let db = TestDb::start_on(&postgres, "payments", prepare);
    let app = TestApp::start_in(World::on(db), &[]).await;
    let paid = app.kept().await;
    let begun = app.begun().await;
    app.world.paystack.pay(&begun.reference);
    let told = app.world.paystack.charge_success(&begun.reference);
    postgres.kill();
    let since = Instant::now();
    assert_come_again(&app.webhook(&told).await);
    assert_come_again(&app.initialize(app.world.order(), "k").await);
    let refund = json!({ "reason": "x" });
    assert_come_again(&app.refund(paid.id, "k", &refund).await);
    for path in [
        "/payments".to_owned(),
        format!("/payments/{}", paid.id),
        format!("/payments/verify/{}", begun.reference),
        "/admin/refunds".to_owned(),
        "/admin/ledger".to_owned(),
        "/admin/ledger/trial-balance".to_owned(),
    ] {
        assert_come_again(&app.get_as(staff(), "finance", &path).await);
    }
    let back = format!("/api/v1/payments/callback?reference={}", begun.reference);
    let back = app.request(Method::GET, &back).reply().await;
    assert_eq!(back.status, 200, "the buyer is told to wait");
    assert!(since.elapsed() < Duration::from_secs(30), "it hangs");
    tokio::task::block_in_place(|| postgres.restart());
    until_up(&app).await;
    app.webhook(&told).await.assert_success(200);
    app.until_status(begun.id, "paid").await;
    app.refund(paid.id, "k", &refund).await.assert_success(202);
    app.until_refunds(paid.id, "processing", 1).await;
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_that_dies_under_payments_loses_and_doubles_none() {
    let mut postgres = PrivatePostgres::start();
    let db = TestDb::start_on(&postgres, "payments", prepare);
    let app = TestApp::start_in(World::on(db), &[]).await;
    let mut all = Vec::new();
    for _ in 0..18 {
        let begun = app.begun().await;
        app.world.paystack.pay(&begun.reference);
        all.push(begun);
    }
    for round in 0..3 {
        for begun in all.iter().skip(round * 6).take(6) {
            let told = app.world.paystack.charge_success(&begun.reference);
            until_heard(&app, &told).await;
        }
        tokio::time::sleep(Duration::from_millis(
            5 + 11 * u64::try_from(round).unwrap(),
        ))
        .await;
        postgres.kill();
        tokio::time::sleep(Duration::from_millis(300)).await;
        tokio::task::block_in_place(|| postgres.restart());
        until_up(&app).await;
    }
    app.world.clock.advance(chrono::TimeDelta::seconds(121));
    for begun in &all {
        app.until_status(begun.id, "paid").await;
    }
    app.until_worked_off().await;
    assert_eq!(app.promised("payment.succeeded").await.len(), 18);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_cannot_be_written_down_is_lost_and_replaced() {
    let mut postgres = PrivatePostgres::start();
    let db = TestDb::start_on(&postgres, "payments", prepare);
    let app = TestApp::start_in(World::on(db), &[("PAYSTACK__TIMEOUT_MS", "3000")]).await;
    let order = app.world.order();
    // It takes so long to answer that the database is gone when it does.
    app.world
        .paystack
        .fail("initialize", &[crate::paystack::Fault::DoneThenSilence]);
    let asking = app.initialize(order, "k1");
    let killing = async {
        while app.world.paystack.asked("initialize") == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        postgres.kill();
    };
    let (reply, ()) = tokio::join!(asking, killing);
    assert_eq!(reply.status, 503, "{}", reply.body);
    tokio::task::block_in_place(|| postgres.restart());
    until_up(&app).await;
    app.world.clock.advance(chrono::TimeDelta::seconds(31));
    let reply = app.initialize(order, &ids::new_id().to_string()).await;
    let data = reply.assert_success(200);
    assert!(data["reference"].as_str().unwrap().ends_with("-2"));
    app.assert_sound().await;
}
