use chrono::{DateTime, Utc};
use common::ids;
use serde_json::json;

use crate::app::TestApp;

fn time(value: &serde_json::Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_ends_with_its_time_and_that_is_said() {
    let app = TestApp::start().await;
    let (variant, order) = (app.stocked(5).await, ids::new_id());
    let reply = app
        .reserve_for(order, ids::new_id(), &[(variant, 2)], 1)
        .await;
    let until = reply.assert_success(201)["reservation"]["expiresAt"].clone();
    app.until_state(order, "expired").await;
    assert_eq!(app.stock_of(variant).await, (5, 0));
    let said = app.promised("reservation.expired").await;
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["data"]["orderId"], json!(order));
    assert_eq!(time(&said[0]["data"]["expiresAt"]), time(&until));
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_order_holds_again_if_it_asks() {
    let app = TestApp::start().await;
    let (variant, order, user) = (app.stocked(2).await, ids::new_id(), ids::new_id());
    app.reserve(order, user, &[(variant, 2)])
        .await
        .assert_success(201);
    app.let_pass(order).await;
    app.until_state(order, "expired").await;
    app.reserve(order, user, &[(variant, 1)])
        .await
        .assert_error(409, "CONFLICT");
    let again = app.reserve(order, user, &[(variant, 2)]).await;
    assert_eq!(again.assert_success(201)["reservation"]["state"], "active");
    assert_eq!(app.stock_of(variant).await, (2, 2));
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_sale_takes_what_is_still_there() {
    let app = TestApp::start().await;
    let (variant, late, too_late) = (app.stocked(3).await, ids::new_id(), ids::new_id());
    for (order, quantity) in [(late, 2), (too_late, 1)] {
        app.reserve(order, ids::new_id(), &[(variant, quantity)])
            .await
            .assert_success(201);
        app.let_pass(order).await;
        app.until_state(order, "expired").await;
    }
    for _ in 0..2 {
        let sold = app.command(late, "commit").await;
        assert_eq!(sold.assert_success(200)["outcome"], "reallocated");
    }
    let other = app
        .reserve(ids::new_id(), ids::new_id(), &[(variant, 1)])
        .await;
    other.assert_success(201);
    for _ in 0..2 {
        let sold = app.command(too_late, "commit").await;
        assert_eq!(sold.assert_success(200)["outcome"], "unavailable");
    }
    assert_eq!(app.stock_of(variant).await, (1, 1));
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_sale_that_found_nothing_stays_without_though_goods_come() {
    let app = TestApp::start().await;
    let (variant, late, user) = (app.stocked(1).await, ids::new_id(), ids::new_id());
    app.reserve(late, user, &[(variant, 1)])
        .await
        .assert_success(201);
    app.let_pass(late).await;
    app.until_state(late, "expired").await;
    let other = ids::new_id();
    app.reserve(other, ids::new_id(), &[(variant, 1)])
        .await
        .assert_success(201);
    let sold = app.command(late, "commit").await;
    assert_eq!(sold.assert_success(200)["outcome"], "unavailable");
    // The buyer gets the money back by now; whoever asks twice must not sell without an order.
    app.command(other, "release").await.assert_success(200);
    let sold = app.command(late, "commit").await;
    assert_eq!(sold.assert_success(200)["outcome"], "unavailable");
    let refused = app.reserve(late, user, &[(variant, 1)]).await;
    refused.assert_error(409, "INVALID_STATE");
    assert_eq!(app.stock_of(variant).await, (1, 0));
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_extended_once_to_half_an_hour() {
    let app = TestApp::start().await;
    let (variant, order) = (app.stocked(5).await, ids::new_id());
    let reply = app.reserve(order, ids::new_id(), &[(variant, 1)]).await;
    let before = time(&reply.assert_success(201)["reservation"]["expiresAt"]);
    let mut answers = Vec::new();
    for _ in 0..2 {
        let reply = app.command(order, "extend").await;
        let held = reply.assert_success(200)["reservation"].clone();
        assert_eq!(held["isExtended"], true);
        answers.push(time(&held["expiresAt"]));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!((answers[0] - before).num_seconds(), 900);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_timer_has_not_seen_yet_can_still_be_sold() {
    let app = TestApp::start_with(&[("HOLDS__SWEEP_MS", "3600000")]).await;
    let (variant, order, user) = (app.stocked(5).await, ids::new_id(), ids::new_id());
    app.reserve(order, user, &[(variant, 1)])
        .await
        .assert_success(201);
    app.let_pass(order).await;
    // Asked again, its time begins anew.
    let reply = app.reserve(order, user, &[(variant, 1)]).await;
    let until = time(&reply.assert_success(201)["reservation"]["expiresAt"]);
    assert!((until - common::Clock::now(&common::clock::SystemClock)).num_seconds() > 800);
    app.let_pass(order).await;
    let sold = app.command(order, "commit").await;
    assert_eq!(sold.assert_success(200)["outcome"], "committed");
    app.assert_sound().await;
}
