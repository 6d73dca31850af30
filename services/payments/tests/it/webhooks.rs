//! What the provider tells.

use chrono::TimeDelta;
use common::ids;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::http::send_raw;
use test_support::service::Ask as _;

use crate::app::TestApp;
use crate::paystack::{Fault, KEY};
use crate::shop::sign;

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_paid_once_the_provider_confirms_what_it_told() {
    let app = TestApp::start().await;
    let begun = app.paid().await;
    let said = app.promised("payment.succeeded").await;
    assert_eq!(said.len(), 1);
    let data = &said[0]["data"];
    assert_eq!(data["paymentId"], json!(begun.id));
    assert_eq!(data["reference"], begun.reference.as_str());
    assert_eq!(data["channel"], "card");
    assert_eq!(data["paidAt"], "2026-01-13T10:31:00Z");
    let rows = app
        .rows("SELECT status, outcome, attempts FROM payments.webhook_events")
        .await;
    assert_eq!(
        rows,
        [json!({ "status": "done", "outcome": "applied", "attempts": 1 })]
    );
    let audited = app
        .rows("SELECT actor_role, metadata FROM payments.audit_events WHERE action = 'payment.captured'")
        .await;
    assert_eq!(audited[0]["actor_role"], "system");
    assert_eq!(app.counted("payments_total", "paid").await, 1);
    assert_eq!(app.counted("payment_webhooks_total", "stored").await, 1);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_1_five_deliveries_at_once_are_one_event_and_one_effect() {
    let app = TestApp::start().await;
    let begun = app.begun().await;
    app.world.paystack.pay(&begun.reference);
    let told = app.world.paystack.charge_success(&begun.reference);
    let deliveries = (0..5).map(|_| app.webhook(&told));
    for reply in futures_util::future::join_all(deliveries).await {
        reply.assert_success(200);
    }
    app.until_status(begun.id, "paid").await;
    app.until_worked_off().await;
    assert_eq!(app.count("webhook_events").await, 1);
    // Also when it comes again much later.
    for wait in [1, 3_600, 8 * 86_400] {
        app.world.clock.advance(TimeDelta::seconds(wait));
        app.webhook(&told).await.assert_success(200);
    }
    assert_eq!(app.count("webhook_events").await, 1);
    assert_eq!(app.promised("payment.succeeded").await.len(), 1);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_2_what_the_provider_did_not_sign_is_refused_and_nothing_is_kept() {
    let app = TestApp::start().await;
    let begun = app.begun().await;
    let body = app
        .world
        .paystack
        .charge_success(&begun.reference)
        .to_string()
        .into_bytes();
    let right = sign(KEY, &body);
    let spaced = [&body[..], b" "].concat();
    let mut bodies = Vec::new();
    for wrong in [
        String::new(),
        right[..127].to_owned(),
        format!("{right}0"),
        right.to_uppercase(),
        sign("sk_test_other", &body),
        sign("sk_live_agape_0123456789abcdef", &body),
        sign(KEY, &spaced),
        "z".repeat(128),
    ] {
        let reply = app.webhook_signed(body.clone(), &wrong).await;
        reply.assert_error(401, "AUTHENTICATION_ERROR");
        bodies.push(reply.body["message"].clone());
    }
    let unsigned = app.request(Method::POST, "/api/v1/payments/webhook");
    let unsigned = unsigned.body(body.clone()).reply().await;
    unsigned.assert_error(401, "AUTHENTICATION_ERROR");
    bodies.push(unsigned.body["message"].clone());
    let twice = app.request(Method::POST, "/api/v1/payments/webhook");
    let twice = twice
        .header("x-paystack-signature", &right)
        .header("x-paystack-signature", &right)
        .body(body.clone())
        .reply()
        .await;
    twice.assert_error(401, "AUTHENTICATION_ERROR");
    bodies.push(twice.body["message"].clone());
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "they tell nothing: {bodies:?}");
    assert_eq!(app.count("webhook_events").await, 0);
    assert_eq!(app.counted("payment_webhooks_total", "refused").await, 10);
    app.webhook_signed(body, &right).await.assert_success(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_raw_bytes_count_and_not_what_they_mean() {
    let app = TestApp::start().await;
    let body = br#"{"event":"charge.success","data":{"amount":5000,"fee":1.0,"name":"Ad\u00e9","url":"https:\/\/x"}}"#;
    let read: Value = serde_json::from_slice(body).unwrap();
    let again = sign(KEY, read.to_string().as_bytes());
    let reply = app.webhook_signed(body.to_vec(), &again).await;
    reply.assert_error(401, "AUTHENTICATION_ERROR");
    let reply = app.webhook_signed(body.to_vec(), &sign(KEY, body)).await;
    reply.assert_success(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_signed_is_kept_and_answered_with_200() {
    let app = TestApp::start().await;
    for body in [
        r#"{"event":"transfer.success","data":{"id":1}}"#,
        r#"{"event":"subscription.expiring_cards","data":[{"x":1}]}"#,
        r#"{"event":"charge.success","data":{"reference":"a/b","id":7}}"#,
        r#"{"event":"charge.dispute.create","data":{"id":9,"transaction":{"reference":"AGP-1-1"}}}"#,
        "not json at all",
        "",
        "\u{0}",
        "[]",
    ] {
        let signature = sign(KEY, body.as_bytes());
        for _ in 0..2 {
            let reply = app
                .webhook_signed(body.as_bytes().to_vec(), &signature)
                .await;
            reply.assert_success(200);
        }
    }
    app.until_worked_off().await;
    let rows = app
        .rows("SELECT outcome, count(*) AS many FROM payments.webhook_events GROUP BY outcome ORDER BY outcome")
        .await;
    assert_eq!(
        rows,
        [
            json!({ "outcome": "ignored", "many": 6 }),
            json!({ "outcome": "unknown_dispute", "many": 1 }),
            // Somebody paid, and we cannot say what.
            json!({ "outcome": "unknown_reference", "many": 1 }),
        ]
    );
    assert_eq!(app.open_attention().await, ["unknown_reference"]);
    assert_eq!(app.count("webhook_events").await, 8);
    assert_eq!(app.world.paystack.asked("verify"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_is_refused_before_it_is_read_and_only_post_is_heard() {
    let app = TestApp::start().await;
    let reply = app.webhook_signed(vec![b'x'; 1_000_001], "00").await;
    reply.assert_error(413, "PAYLOAD_TOO_LARGE");
    let head = format!(
        "POST /api/v1/payments/webhook HTTP/1.1\r\nhost: x\r\nx-paystack-signature: 00\r\ncontent-length: {}\r\n\r\n",
        5_000_000
    );
    let raw = send_raw(app.address(), head.as_bytes()).await;
    assert_eq!(raw.status(), 413);
    let most = vec![b'x'; 1_000_000];
    let signature = sign(KEY, &most);
    app.webhook_signed(most, &signature)
        .await
        .assert_success(200);
    let put = app.request(Method::PUT, "/api/v1/payments/webhook");
    put.reply().await.assert_error(405, "METHOD_NOT_ALLOWED");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_before_our_own_row_is_there_waits_for_it() {
    let app = TestApp::start().await;
    let order = app.world.order();
    // The provider knows the payment before the answer to us has come through.
    let begun = app.begun_of(order).await;
    app.world.paystack.pay(&begun.reference);
    let told = app.world.paystack.charge_success(&begun.reference);
    app.execute(&format!(
        "UPDATE payments.payments SET reference = 'ELSEWHERE-1' WHERE id = '{}'",
        begun.id
    ))
    .await;
    app.webhook(&told).await.assert_success(200);
    let waits =
        "SELECT id FROM payments.webhook_events WHERE attempts >= 2 AND status = 'received'";
    app.until("it waits", waits).await;
    app.execute(&format!(
        "UPDATE payments.payments SET reference = '{}' WHERE id = '{}'",
        begun.reference, begun.id
    ))
    .await;
    app.until_status(begun.id, "paid").await;
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_nobody_knows_is_an_anomaly_after_a_day() {
    let app = TestApp::start().await;
    let told = json!({ "event": "charge.success", "data": { "id": 1, "reference": "OTHER-SHOP-1", "status": "success" } });
    app.webhook(&told).await.assert_success(200);
    let waits = "SELECT id FROM payments.webhook_events WHERE attempts >= 1 AND status = 'received' AND last_error IS NOT NULL";
    app.until("it waits", waits).await;
    app.world.clock.advance(TimeDelta::hours(24));
    let ended = "SELECT outcome FROM payments.webhook_events WHERE status = 'anomaly'";
    let rows = app.until("it ends", ended).await;
    assert_eq!(rows[0]["outcome"], "unknown_reference");
    let open = app
        .rows("SELECT kind FROM payments.attention_items WHERE closed_at IS NULL")
        .await;
    assert_eq!(open, [json!({ "kind": "unknown_reference" })]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_while_the_provider_does_not_answer_an_event_is_kept_and_tried_again() {
    let app = TestApp::start().await;
    let begun = app.begun().await;
    app.world.paystack.pay(&begun.reference);
    let faults = [
        Fault::Error500,
        Fault::Silence,
        Fault::HangUp,
        Fault::Html,
        Fault::RateLimited,
    ];
    app.world.paystack.fail("verify", &faults);
    let told = app.world.paystack.charge_success(&begun.reference);
    app.webhook(&told).await.assert_success(200);
    app.until_status(begun.id, "paid").await;
    app.until_worked_off().await;
    let rows = app
        .rows("SELECT attempts FROM payments.webhook_events WHERE outcome = 'applied'")
        .await;
    assert!(rows[0]["attempts"].as_i64().unwrap() >= 4, "{rows:?}");
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_that_are_told_without_a_number_are_each_an_event_of_their_own() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    let told = |amount: u32, refund: Option<&str>| {
        json!({ "event": "refund.processed", "data": {
            "status": "processed", "transaction_reference": paid.reference, "refund_reference": refund, "amount": amount,
            "currency": "NGN", "domain": "test",
        } })
    };
    for (amount, refund, events) in [
        (100, None, 1),
        (100, None, 1),
        (200, None, 2),
        (100, Some("TRF-1"), 3),
        (100, Some("TRF-2"), 4),
        (100, Some("TRF-2"), 4),
    ] {
        app.webhook(&told(amount, refund)).await.assert_success(200);
        let sql =
            "SELECT 1 AS one FROM payments.webhook_events WHERE event_type = 'refund.processed'";
        assert_eq!(app.rows(sql).await.len(), events, "{amount} {refund:?}");
    }
    app.until_worked_off().await;
    assert!(app.open_attention().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_11_the_same_event_in_other_words_is_an_anomaly_and_changes_nothing_by_itself() {
    let app = TestApp::start().await;
    let begun = app.paid().await;
    let mut other = app.world.paystack.charge_success(&begun.reference);
    other["data"]["amount"] = json!(1);
    for _ in 0..2 {
        app.webhook(&other).await.assert_success(200);
    }
    app.until_worked_off().await;
    let rows = app
        .rows(
            "SELECT status, is_contradiction FROM payments.webhook_events ORDER BY received_at, id",
        )
        .await;
    assert_eq!(
        rows,
        [
            json!({ "status": "done", "is_contradiction": false }),
            json!({ "status": "anomaly", "is_contradiction": true }),
        ]
    );
    let open = app.rows("SELECT kind FROM payments.attention_items").await;
    assert_eq!(open, [json!({ "kind": "contradicting_event" })]);
    assert_eq!(
        app.counted("payment_webhooks_total", "contradiction").await,
        1
    );
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_13_webhooks_of_the_key_before_are_believed_while_keys_are_exchanged() {
    let old = "sk_test_agape_the_key_before";
    let app = TestApp::start_with(&[("PAYSTACK__PREVIOUS_SECRET_KEY", old)]).await;
    for key in [KEY, old] {
        let begun = app.begun().await;
        app.world.paystack.pay(&begun.reference);
        let body = app.world.paystack.charge_success(&begun.reference);
        let body = body.to_string().into_bytes();
        let signature = sign(key, &body);
        app.webhook_signed(body, &signature)
            .await
            .assert_success(200);
        app.until_status(begun.id, "paid").await;
    }
    assert_eq!(
        app.counted("payment_webhook_keys_total", "current").await,
        1
    );
    assert_eq!(
        app.counted("payment_webhook_keys_total", "previous").await,
        1
    );
    let body = b"{}".to_vec();
    let third = sign("sk_test_third", &body);
    let reply = app.webhook_signed(body, &third).await;
    reply.assert_error(401, "AUTHENTICATION_ERROR");
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_is_kept_sealed_and_dropped_after_three_months() {
    let app = TestApp::start().await;
    app.paid().await;
    let plain = "SELECT 1 AS one FROM payments.webhook_events WHERE position('ada@example.com'::bytea IN body_ct) > 0
                 OR position('charge.success'::bytea IN body_ct) > 0";
    assert!(app.rows(plain).await.is_empty());
    let sealed = "SELECT 1 AS one FROM payments.webhook_events WHERE octet_length(body_ct) > 100";
    assert_eq!(app.rows(sealed).await.len(), 1);
    app.execute("UPDATE payments.webhook_events SET received_at = now() - interval '91 days'")
        .await;
    let _beside = TestApp::start_in(std::sync::Arc::clone(&app.world), &[]).await;
    let dropped = "SELECT 1 AS one FROM payments.webhook_events WHERE body_ct IS NULL";
    app.until("the body is dropped", dropped).await;
    assert_eq!(app.count("webhook_events").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_12_a_burst_is_answered_and_holds_up_no_checkout() {
    let app = TestApp::start().await;
    let begun = std::time::Instant::now();
    let telling = futures_util::future::join_all((0..300).map(|number| {
        let told = json!({ "event": "transfer.success", "data": { "id": number } });
        let app = &app;
        async move { app.webhook(&told).await }
    }));
    let paying = async {
        let began = std::time::Instant::now();
        for _ in 0..5 {
            let order = app.world.order();
            let key = ids::new_id().to_string();
            app.initialize(order, &key).await.assert_success(200);
        }
        began.elapsed()
    };
    let (told, paid_in) = tokio::join!(telling, paying);
    for reply in told {
        reply.assert_success(200);
    }
    assert!(
        begun.elapsed().as_secs() < 20,
        "{:?} for the burst",
        begun.elapsed()
    );
    assert!(paid_in.as_secs() < 15, "{paid_in:?} for five checkouts");
    app.until_worked_off().await;
    assert_eq!(app.count("webhook_events").await, 300);
}
