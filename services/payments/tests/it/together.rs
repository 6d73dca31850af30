//! Everybody asks at once.

use std::sync::Arc;

use reqwest::Method;
use test_support::service::Ask as _;

use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn r12_the_buyers_return_a_question_the_webhook_and_the_poller_come_to_one_effect() {
    let app = TestApp::start().await;
    let beside = TestApp::start_in(Arc::clone(&app.world), &[]).await;
    for _ in 0..10 {
        let begun = app.begun().await;
        app.world.paystack.pay(&begun.reference);
        let told = app.world.paystack.charge_success(&begun.reference);
        // The poller is due now as well.
        app.world.clock.advance(chrono::TimeDelta::seconds(61));
        let user = begun.order.user;
        let by_reference = format!("/payments/verify/{}", begun.reference);
        let by_id = format!("/payments/{}/verify", begun.id);
        let back = format!("/api/v1/payments/callback?reference={}", begun.reference);
        let (one, two, three, four, five, six) = tokio::join!(
            app.webhook(&told),
            beside.webhook(&told),
            app.get_as(user, "customer", &by_reference),
            beside
                .ask_as(user, "customer", Method::POST, &by_id)
                .reply(),
            app.request(Method::GET, &back).reply(),
            beside.request(Method::GET, &back).reply(),
        );
        for reply in [one, two, three, four, five, six] {
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
        app.until_status(begun.id, "paid").await;
    }
    app.until_worked_off().await;
    assert_eq!(app.promised("payment.succeeded").await.len(), 10);
    assert_eq!(app.count("ledger_transactions").await, 10);
    assert_eq!(app.count("webhook_events").await, 10);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r12_a_sale_and_its_refund_seen_from_everywhere_at_once_stay_one() {
    let app = TestApp::start().await;
    let beside = TestApp::start_in(Arc::clone(&app.world), &[]).await;
    let paid = app.kept().await;
    let body = serde_json::json!({ "reason": "x" });
    app.refund(paid.id, "k", &body).await.assert_success(202);
    app.until_refunds(paid.id, "processing", 1).await;
    app.world.paystack.finish_refunds();
    let made = app.world.paystack.refunds()[0].id;
    let telling = ["refund.processing", "refund.processed", "refund.pending"].map(|event| {
        let told = app.world.paystack.refund_event(made, event);
        let (app, beside) = (&app, &beside);
        async move {
            let (one, two) = tokio::join!(app.webhook(&told), beside.webhook(&told));
            one.assert_success(200);
            two.assert_success(200);
        }
    });
    app.world.clock.advance(chrono::TimeDelta::seconds(61));
    futures_util::future::join_all(telling).await;
    app.until_status(paid.id, "refunded").await;
    app.until_worked_off().await;
    assert_eq!(app.promised("refund.processed").await.len(), 1);
    assert_eq!(app.world.paystack.refunds().len(), 1);
    app.assert_sound().await;
}
