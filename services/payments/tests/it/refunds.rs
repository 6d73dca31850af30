//! Money that goes back.

use chrono::TimeDelta;
use common::ids;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::paystack::Fault;
use crate::world::amount;

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_is_decided_at_once_and_made_at_the_provider_after_that() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    let line = ids::new_id();
    let body = json!({
        "amount": 500, "reason": " one yard was torn ", "restock": [{ "lineId": line, "quantity": 2 }],
    });
    let reply = app.refund(paid.id, "k", &body).await;
    let refund = reply.assert_success(202)["refund"].clone();
    assert_eq!(refund["status"], "requested");
    assert_eq!(refund["amount"], amount(50_000));
    assert_eq!(refund["reason"], "one yard was torn");
    assert_eq!(refund["paymentId"], json!(paid.id));
    assert_eq!(refund["orderId"], json!(paid.order.id));
    app.until_refunds(paid.id, "processing", 1).await;
    let asked: Value = serde_json::from_str(&app.world.paystack.questions("refund")[0]).unwrap();
    assert_eq!(asked["amount"], 50_000);
    assert_eq!(asked["merchant_note"], refund["id"]);
    let transaction = app.world.paystack.transaction(&paid.reference);
    assert_eq!(asked["transaction"], transaction.id.to_string());
    assert_eq!(app.status_of(paid.id).await, "paid");
    app.assert_sound().await;
    let made = app.world.paystack.refunds()[0].id;
    app.world.paystack.set_refund(made, "processed");
    let told = app.world.paystack.refund_event(made, "refund.processed");
    for _ in 0..2 {
        app.webhook(&told).await.assert_success(200);
    }
    app.until_status(paid.id, "partially_refunded").await;
    let said = app.promised("refund.processed").await;
    assert_eq!(said.len(), 1);
    assert_eq!(
        said[0]["data"]["restock"],
        json!([{ "lineId": line, "quantity": 2 }])
    );
    let said = app.promised("refund.requested").await;
    assert_eq!(said.len(), 1);
    let audited = app
        .rows("SELECT metadata FROM payments.audit_events WHERE action = 'refund.requested'")
        .await;
    // What staff writes may be about a person, and others have no need of it.
    for told in [json!(said), json!(audited)] {
        assert!(!told.to_string().contains("torn"), "{told}");
    }
    // The rest goes back too, all that is left.
    let body = json!({ "orderId": paid.order.id, "reason": "sorry" });
    let reply = app.post_keyed("admin", "/admin/refunds", "k2", &body).await;
    assert_eq!(
        reply.assert_success(202)["refund"]["amount"],
        amount(100_000)
    );
    app.until_refunds(paid.id, "processing", 1).await;
    app.world.paystack.finish_refunds();
    app.until_status(paid.id, "refunded").await;
    assert_eq!(
        app.promised("refund.processed").await[1]["data"]["restock"],
        json!(null)
    );
    let audited = app
        .rows("SELECT actor_role FROM payments.audit_events WHERE action = 'refund.requested' ORDER BY occurred_at")
        .await;
    assert_eq!(
        audited,
        [
            json!({ "actor_role": "finance" }),
            json!({ "actor_role": "admin" })
        ]
    );
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn never_more_goes_back_than_was_paid_and_bad_requests_change_nothing() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    let line = ids::new_id();
    for body in [
        json!({}),
        json!({ "reason": "" }),
        json!({ "reason": "  " }),
        json!({ "reason": "x".repeat(501) }),
        json!({ "reason": "x", "amount": 0 }),
        json!({ "reason": "x", "amount": -1 }),
        json!({ "reason": "x", "amount": 0.001 }),
        json!({ "reason": "x", "amount": "NaN" }),
        json!({ "reason": "x", "more": 1 }),
        json!({ "reason": "x", "restock": [{ "lineId": line, "quantity": 0 }] }),
        json!({ "reason": "x", "restock": [{ "lineId": line, "quantity": 1 }, { "lineId": line, "quantity": 1 }] }),
    ] {
        let reply = app.refund(paid.id, "k", &body).await;
        reply.assert_error(400, "VALIDATION_ERROR");
    }
    let too_much = json!({ "reason": "x", "amount": 1500.01 });
    let reply = app.refund(paid.id, "k", &too_much).await;
    reply.assert_error(402, "PAYMENT_ERROR");
    let reply = app
        .refund(ids::new_id(), "k", &json!({ "reason": "x" }))
        .await;
    reply.assert_error(404, "NOT_FOUND");
    for body in [
        json!({ "reason": "x" }),
        json!({ "reason": "x", "paymentId": paid.id, "orderId": paid.order.id }),
    ] {
        let reply = app
            .post_keyed("finance", "/admin/refunds", "k", &body)
            .await;
        reply.assert_error(400, "VALIDATION_ERROR");
    }
    let body = json!({ "reason": "x", "orderId": ids::new_id() });
    let reply = app
        .post_keyed("finance", "/admin/refunds", "k", &body)
        .await;
    reply.assert_error(404, "NOT_FOUND");
    let undecided = app.paid().await;
    let reply = app
        .refund(undecided.id, "k", &json!({ "reason": "x" }))
        .await;
    reply.assert_error(409, "INVALID_STATE");
    let unpaid = app.begun().await;
    let reply = app.refund(unpaid.id, "k", &json!({ "reason": "x" })).await;
    reply.assert_error(409, "INVALID_STATE");
    assert_eq!(app.count("refunds").await, 0);
    assert_eq!(
        app.count("idempotency_keys").await,
        3,
        "those of the three that were begun"
    );
    // What is on its way counts.
    for (key, amount, status) in [
        ("a", 1_000, 202),
        ("b", 501, 402),
        ("c", 500, 202),
        ("d", 1, 402),
    ] {
        let body = json!({ "reason": "x", "amount": amount });
        assert_eq!(app.refund(paid.id, key, &body).await.status, status);
    }
    app.until_refunds(paid.id, "processing", 2).await;
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_said_and_can_go_back_again() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    let all = json!({ "reason": "x" });
    app.refund(paid.id, "a", &all).await.assert_success(202);
    app.until_refunds(paid.id, "processing", 1).await;
    let made = app.world.paystack.refunds()[0].id;
    app.world.paystack.set_refund(made, "failed");
    let told = app.world.paystack.refund_event(made, "refund.failed");
    app.webhook(&told).await.assert_success(200);
    app.until_refunds(paid.id, "failed", 1).await;
    assert_eq!(app.promised("refund.failed").await.len(), 1);
    assert_eq!(app.status_of(paid.id).await, "paid");
    assert_eq!(app.open_attention().await, ["refund_failed"]);
    app.assert_sound().await;
    app.refund(paid.id, "b", &all).await.assert_success(202);
    app.until_refunds(paid.id, "processing", 1).await;
    app.world.paystack.finish_refunds();
    app.until_status(paid.id, "refunded").await;
    // More than all cannot have gone back, so what ended stays as it ended.
    app.world.paystack.set_refund(made, "processed");
    let told = app.world.paystack.refund_event(made, "refund.processed");
    app.webhook(&told).await.assert_success(200);
    app.until_worked_off().await;
    app.until_refunds(paid.id, "failed", 1).await;
    assert_eq!(app.open_attention().await, ["contradicting_refund"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_needs_the_buyers_account_is_said_once_and_ends_later() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    app.refund(paid.id, "a", &json!({ "reason": "x" }))
        .await
        .assert_success(202);
    app.until_refunds(paid.id, "processing", 1).await;
    let made = app.world.paystack.refunds()[0].id;
    app.world.paystack.set_refund(made, "needs-attention");
    let told = app
        .world
        .paystack
        .refund_event(made, "refund.needs-attention");
    app.webhook(&told).await.assert_success(200);
    app.until_refunds(paid.id, "needs_attention", 1).await;
    assert_eq!(app.promised("refund.needs_attention").await.len(), 1);
    assert_eq!(app.open_attention().await, ["refund_needs_attention"]);
    let listed = app
        .get_as(
            crate::shop::staff(),
            "finance",
            "/admin/refunds?status=needs_attention",
        )
        .await;
    let listed = listed.assert_success(200);
    assert_eq!(listed["refunds"][0]["status"], "needs_attention");
    assert_eq!(listed["pagination"]["total"], 1);
    // Nothing more is told, so the provider is asked.
    app.world.paystack.set_refund(made, "processed");
    app.until_status(paid.id, "refunded").await;
    assert!(app.open_attention().await.is_empty());
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_6_what_somebody_gives_back_at_the_provider_is_in_the_books() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    let made = app
        .world
        .paystack
        .refund_at_the_desk(&paid.reference, 40_000);
    let told = app.world.paystack.refund_event(made, "refund.pending");
    app.webhook(&told).await.assert_success(200);
    app.until_refunds(paid.id, "processing", 1).await;
    let rows = app
        .rows("SELECT origin, reason FROM payments.refunds")
        .await;
    assert_eq!(rows[0]["origin"], "external");
    assert_eq!(app.open_attention().await, ["external_refund"]);
    let reply = app
        .refund(paid.id, "k", &json!({ "reason": "x", "amount": 1_101 }))
        .await;
    reply.assert_error(402, "PAYMENT_ERROR");
    app.world.paystack.finish_refunds();
    // No further webhook comes; the provider is asked.
    app.until_status(paid.id, "partially_refunded").await;
    assert!(app.open_attention().await.is_empty());
    let said = app.promised("refund.processed").await;
    assert_eq!(said[0]["data"]["amount"], amount(40_000));
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f_ps_5_what_no_order_keeps_goes_back_once_and_again_if_that_fails() {
    let app = TestApp::start().await;
    let paid = app.paid().await;
    let id = ids::new_id();
    app.give_up(&paid, id).await.unwrap();
    app.give_up(&paid, id).await.unwrap();
    app.give_up(&paid, ids::new_id()).await.unwrap();
    app.refuse(&paid, ::events::orders::UnwantedCapture::Closed)
        .await
        .unwrap();
    app.until_refunds(paid.id, "processing", 1).await;
    assert_eq!(app.world.paystack.refunds().len(), 1);
    assert_eq!(app.count("refunds").await, 1);
    let made = app.world.paystack.refunds()[0].id;
    app.world.paystack.set_refund(made, "failed");
    let told = app.world.paystack.refund_event(made, "refund.failed");
    app.webhook(&told).await.assert_success(200);
    app.until_refunds(paid.id, "failed", 1).await;
    app.assert_sound().await;
    app.world.clock.advance(TimeDelta::minutes(61));
    app.until_refunds(paid.id, "processing", 1).await;
    app.world.paystack.finish_refunds_but(made);
    app.until_status(paid.id, "refunded").await;
    let open = "SELECT kind FROM payments.attention_items WHERE closed_at IS NULL";
    assert!(app.rows(open).await.is_empty());
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_that_stay_pending_are_asked_about() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    app.refund(paid.id, "a", &json!({ "reason": "x" }))
        .await
        .assert_success(202);
    app.until_refunds(paid.id, "processing", 1).await;
    app.world.paystack.fail("list_refunds", &[Fault::Error500]);
    app.world.clock.advance(TimeDelta::seconds(61));
    app.until(
        "it is asked",
        "SELECT 1 AS one FROM payments.payments WHERE checks >= 1",
    )
    .await;
    // Once it has been put off, so that the pause does not begin after the time that is about to pass.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    app.world.paystack.finish_refunds();
    app.world.clock.advance(TimeDelta::minutes(5));
    app.until_status(paid.id, "refunded").await;
    let next = "SELECT 1 AS one FROM payments.payments WHERE next_check_at IS NULL";
    app.until("it is asked no more", next).await;
    app.assert_sound().await;
}
