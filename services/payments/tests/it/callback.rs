//! Buyers come back from the provider's page.

use common::ids;
use reqwest::Method;
use test_support::service::{Ask as _, Reply};

use crate::app::TestApp;
use crate::paystack::Fault;

async fn come_back(app: &TestApp, query: &str) -> Reply {
    // What was asked a moment ago is not asked again.
    app.world.clock.advance(chrono::TimeDelta::seconds(2));
    let path = format!("/api/v1/payments/callback{query}");
    app.request(Method::GET, &path).reply().await
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.bytes.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_storefront_a_small_page_says_how_it_stands() {
    let app = TestApp::start().await;
    let begun = app.begun().await;
    let query = format!("?trxref={0}&reference={0}", begun.reference);
    let reply = come_back(&app, &query).await;
    assert_eq!(reply.status, 200);
    assert!(text(&reply).contains("data-status=\"pending\""));
    assert!(reply.header("content-type").starts_with("text/html"));
    let policy = reply.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"));
    assert_eq!(reply.header("cache-control"), "no-store");
    app.world.paystack.pay(&begun.reference);
    let reply = come_back(&app, &format!("?trxref={}", begun.reference)).await;
    assert!(text(&reply).contains("data-status=\"paid\""));
    assert_eq!(app.promised("payment.succeeded").await.len(), 1);
    let unknown = come_back(&app, &format!("?reference={}", ids::new_id())).await;
    assert!(text(&unknown).contains("data-status=\"unknown\""));
    for bad in [
        "",
        "?reference=",
        "?reference=%3Cscript%3E",
        "?reference=..",
    ] {
        come_back(&app, bad)
            .await
            .assert_error(400, "VALIDATION_ERROR");
    }
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_storefront_buyers_are_sent_there() {
    let app =
        TestApp::start_with(&[("STOREFRONT_URL", "https://shop.example/order/done?lang=en")]).await;
    let begun = app.begun().await;
    let query = format!("?reference={}", begun.reference);
    let pending = come_back(&app, &query).await;
    assert_eq!(pending.status, 302);
    let expected = |status: &str| {
        format!(
            "https://shop.example/order/done?lang=en&reference={}&status={status}",
            begun.reference
        )
    };
    assert_eq!(pending.header("location"), expected("pending"));
    app.world.paystack.pay(&begun.reference);
    let paid = come_back(&app, &query).await;
    assert_eq!(paid.header("location"), expected("paid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_has_just_paid_is_never_shown_that_something_is_broken() {
    let app = TestApp::start().await;
    let begun = app.begun().await;
    app.world.paystack.pay(&begun.reference);
    app.world.paystack.fail("verify", &[Fault::Silence]);
    let reply = come_back(&app, &format!("?reference={}", begun.reference)).await;
    assert_eq!(reply.status, 200);
    assert!(text(&reply).contains("do not pay again"));
}
