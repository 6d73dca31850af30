//! Captures that no order answers for.

use std::time::Duration;

use chrono::TimeDelta;
use common::ids;

use crate::app::TestApp;

/// Long enough for the poller to have looked.
async fn a_look() {
    tokio::time::sleep(Duration::from_millis(2_500)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_that_no_order_answers_for_is_put_before_people_once() {
    let app = TestApp::start().await;
    let paid = app.paid().await;
    app.world.clock.advance(TimeDelta::minutes(10));
    a_look().await;
    assert!(app.open_attention().await.is_empty());
    app.world.clock.advance(TimeDelta::minutes(6));
    app.until_attention("unclaimed").await;
    app.world.clock.advance(TimeDelta::hours(24));
    a_look().await;
    assert_eq!(app.count("attention_items").await, 1);
    // It was only late.
    app.keep(&paid).await.unwrap();
    assert!(app.open_attention().await.is_empty());
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_or_goes_back_was_answered_for() {
    let app = TestApp::start().await;
    app.kept().await;
    let unwanted = app.paid().await;
    app.give_up(&unwanted, ids::new_id()).await.unwrap();
    app.until_refunds(unwanted.id, "processing", 1).await;
    app.world.clock.advance(TimeDelta::minutes(20));
    a_look().await;
    assert!(app.open_attention().await.is_empty());
    app.assert_sound().await;
}
