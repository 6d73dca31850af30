//! How fast the provider is asked.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use events::auth::MailKind;

use crate::app::{Options, TestApp};
use crate::provider::Then;

/// When the provider was asked, as distances to the first time.
fn distances(app: &TestApp) -> Vec<Duration> {
    let requests = app.world.provider.requests();
    let first = requests[0].at;
    requests.iter().map(|request| request.at - first).collect()
}

#[tokio::test]
async fn requests_keep_the_distance_that_the_rate_asks_for() {
    let app = TestApp::start_with(Options::with(&[(
        "NOTIFICATIONS__RESEND__RATE_PER_SECOND",
        "4",
    )]))
    .await;
    let mut wanted = Vec::new();
    for _ in 0..6 {
        wanted.push(app.want(MailKind::NewDevice).await);
    }
    for one in &wanted {
        app.until_status(one, "sent").await;
    }
    let distances = distances(&app);
    assert_eq!(distances.len(), 6);
    for (number, distance) in (0..6_u32).zip(distances) {
        // What the network adds to one request it may take from the distance to the next.
        let earliest = Duration::from_millis(250) * number;
        assert!(
            distance + Duration::from_millis(60) >= earliest,
            "request {number} came after {distance:?}"
        );
    }
}

#[tokio::test]
async fn everybody_waits_as_long_as_the_provider_says() {
    let app = TestApp::start().await;
    let headers = vec![("retry-after", "3".to_owned())];
    app.world
        .provider
        .then([Then::error_with(429, "rate_limit_exceeded", headers)]);
    let first = app.want(MailKind::NewDevice).await;
    app.until(&first, |row| row["last_error"].is_string()).await;
    let second = app.want(MailKind::NewDevice).await;
    app.pass(TimeDelta::minutes(1));
    for wanted in [&first, &second] {
        app.until_status(wanted, "sent").await;
    }
    let distances = distances(&app);
    assert_eq!(distances.len(), 3);
    assert!(
        distances[1] >= Duration::from_millis(2_900),
        "{distances:?}"
    );
}

#[tokio::test]
async fn a_second_that_is_used_up_is_waited_for_before_the_provider_has_to_say_no() {
    let app = TestApp::start().await;
    app.world.provider.good_headers(vec![
        ("ratelimit-limit", "2".to_owned()),
        ("ratelimit-remaining", "0".to_owned()),
        ("ratelimit-reset", "2".to_owned()),
    ]);
    let first = app.want(MailKind::NewDevice).await;
    app.until_status(&first, "sent").await;
    let second = app.want(MailKind::NewDevice).await;
    app.until_status(&second, "sent").await;
    let distances = distances(&app);
    assert!(
        distances[1] >= Duration::from_millis(1_900),
        "{distances:?}"
    );
}

#[tokio::test]
async fn a_mail_that_is_due_does_not_wait_for_the_next_look() {
    let app = TestApp::start().await;
    let mut slow = 0;
    for _ in 0..5 {
        let began = Instant::now();
        let wanted = app.want(MailKind::NewDevice).await;
        app.until_status(&wanted, "sent").await;
        slow += u32::from(began.elapsed() > Duration::from_millis(700));
    }
    assert!(slow <= 2, "{slow} of 5 mails waited for the poll");
}
