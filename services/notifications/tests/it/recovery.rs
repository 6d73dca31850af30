//! Crashes, lost answers, and several processes.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use events::auth::MailKind;
use serde_json::Value;

use crate::app::{Options, TestApp, World};
use crate::auth::MailAnswer;
use crate::provider::Then;
use test_support::stand_in::Reply;

async fn restarted(world: Arc<World>) -> TestApp {
    TestApp::start_with(Options {
        world: Some(world),
        ..Options::default()
    })
    .await
}

/// The last two requests are one and the same.
fn assert_repeated(world: &World) {
    let requests = world.provider.requests();
    let [.., first, second] = requests.as_slice() else {
        panic!("{} requests", requests.len());
    };
    assert_eq!(first.body, second.body);
    assert_eq!(
        first.header("idempotency-key"),
        second.header("idempotency-key")
    );
    assert_eq!(world.provider.left().len(), 1, "one mail left");
}

#[tokio::test]
async fn an_answer_that_was_lost_leads_to_the_same_request_and_one_mail() {
    let app = TestApp::start().await;
    app.world.provider.then([Then::ExecuteBut(Reply::HangUp)]);
    let wanted = app.want(MailKind::PasswordReset).await;
    let row = app
        .until(&wanted, |row| row["last_error"].is_string())
        .await;
    assert_eq!(row["status"], "sending");
    assert!(row["first_sending_at"].is_string());
    assert_eq!(app.world.provider.left().len(), 1, "it did leave");
    app.pass(TimeDelta::minutes(1));
    let row = app.until_status(&wanted, "sent").await;
    assert_eq!(row["provider_id"], "49a3999c-0ce1-4ea6-ab68-000000000001");
    assert_repeated(&app.world);
    assert_eq!(
        app.world.auth.asked().len(),
        1,
        "a second link would kill the one that was sent"
    );
}

#[tokio::test]
async fn a_process_that_dies_while_the_provider_works_is_followed_by_the_same_request() {
    let app = TestApp::start().await;
    app.world.provider.then([Then::ExecuteBut(Reply::Silence)]);
    let wanted = app.want(MailKind::PasswordReset).await;
    app.until_requests(1).await;
    let world = app.crash();
    let app = restarted(Arc::clone(&world)).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(
        world.provider.requests().len(),
        1,
        "nobody knows yet that the other one is dead"
    );
    app.pass(TimeDelta::minutes(2));
    app.until_status(&wanted, "sent").await;
    assert_repeated(&world);
    assert_eq!(app.promised("notification.sent").await.len(), 1);
}

#[tokio::test]
async fn a_process_that_dies_before_anything_left_leaves_a_mail_that_is_asked_for_again() {
    let app = TestApp::start().await;
    let wanted = app.expect(MailKind::PasswordReset, |_| {});
    app.world
        .auth
        .say(&wanted.mail_id.to_string(), MailAnswer::Silent);
    app.hear(&wanted).await;
    let row = app.until(&wanted, |row| row["attempts"] == 1).await;
    assert_eq!(row["status"], "pending");
    let app = restarted(app.crash()).await;
    app.say_due(&wanted, |_| {});
    app.pass(TimeDelta::minutes(2));
    let row = app.until_status(&wanted, "sent").await;
    assert_eq!(row["attempts"], 2);
    assert_eq!(app.world.provider.requests().len(), 1);
}

#[tokio::test]
async fn a_stop_in_the_middle_brings_the_mail_to_its_end() {
    let app = TestApp::start().await;
    app.world.provider.then([Then::ExecuteBut(Reply::Silence)]);
    let wanted = app.want(MailKind::NewDevice).await;
    app.until_requests(1).await;
    // The provider never answers this one, so its end is "not known", ten seconds later.
    let world = app.stop();
    let sql = format!(
        "SELECT status, last_error FROM notifications.messages WHERE source_id = '{}'",
        wanted.mail_id
    );
    let row = world.rows(&sql).await.pop().unwrap();
    assert_eq!(row["status"], "sending");
    assert!(
        row["last_error"].as_str().unwrap().contains("no answer"),
        "{row}"
    );
}

#[tokio::test]
async fn a_mail_of_unknown_fate_is_asked_about_for_less_than_a_day_and_then_shown_to_a_person() {
    let app = TestApp::start().await;
    app.world
        .provider
        .always(Some(Then::ExecuteBut(Reply::HangUp)));
    let wanted = app.want(MailKind::NewDevice).await;
    app.until(&wanted, |row| row["last_error"].is_string())
        .await;
    app.pass(TimeDelta::hours(22));
    app.until_requests(2).await;
    let waiting = app
        .until(&wanted, |row| {
            row["attempts"] == 2 && row["last_error"].is_string()
        })
        .await;
    assert_eq!(waiting["status"], "sending");
    tokio::time::sleep(Duration::from_millis(300)).await;
    app.pass(TimeDelta::hours(1));
    let row = app.until_status(&wanted, "failed").await;
    let why = row["last_error"].as_str().unwrap();
    assert!(why.contains("may or may not"), "{why}");
    assert!(
        row["idempotency_key"].is_string(),
        "what to look for at the provider stays"
    );
    let asked = app.world.provider.requests().len();
    assert_eq!(asked, 2);
    let failed = app.promised("notification.failed").await;
    assert_eq!(failed[0]["data"]["reason"], "outcome_unknown");
}

#[tokio::test]
async fn two_processes_send_each_mail_once() {
    let app = TestApp::start().await;
    let other = app.start_beside().await;
    let mut wanted = Vec::new();
    for number in 0..30 {
        let to = if number % 2 == 0 { &app } else { &other };
        wanted.push(to.want(MailKind::NewDevice).await);
    }
    for one in &wanted {
        app.until_status(one, "sent").await;
    }
    assert_eq!(app.world.provider.left().len(), 30);
    assert_eq!(
        app.world.provider.requests().len(),
        30,
        "no mail was even tried twice"
    );
    assert_eq!(app.promised("notification.sent").await.len(), 30);
}

#[tokio::test]
async fn a_sender_that_was_too_slow_changes_nothing_any_more() {
    let app = TestApp::start().await;
    app.world.provider.then([Then::ExecuteBut(Reply::Silence)]);
    let wanted = app.want(MailKind::PasswordReset).await;
    app.until_requests(1).await;
    // Its lease runs out while it still waits; somebody else takes the mail over and sends it.
    app.pass(TimeDelta::minutes(2));
    let row = app.until_status(&wanted, "sent").await;
    // Then the first one gives up waiting.
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(app.message(&wanted).await, row);
    assert_repeated(&app.world);
    assert_eq!(app.promised("notification.sent").await.len(), 1);
}

#[tokio::test]
async fn a_sender_that_was_too_slow_does_not_speak_for_the_one_that_took_over() {
    let app = TestApp::start().await;
    app.world.provider.then([
        Then::Refuse(Reply::Silence),
        Then::error(503, "service_unavailable"),
    ]);
    let wanted = app.want(MailKind::PasswordReset).await;
    app.until_requests(1).await;
    app.pass(TimeDelta::minutes(2));
    let said = |row: &Value| {
        row["last_error"]
            .as_str()
            .is_some_and(|error| error.contains("503"))
    };
    let row = app.until(&wanted, said).await;
    assert_eq!(row["attempts"], 2);
    // The first one gives up waiting; what the second one learnt stands.
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(app.message(&wanted).await, row);
}

#[tokio::test]
async fn without_consumers_and_senders_nothing_leaves() {
    let app = TestApp::start_with(Options {
        only: Some(common::service::Only::Http),
        ..Options::default()
    })
    .await;
    let wanted = app.want(MailKind::NewDevice).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let row = app.message(&wanted).await;
    assert_eq!(
        (row["status"].as_str(), &row["attempts"]),
        (Some("pending"), &Value::from(0))
    );
}
