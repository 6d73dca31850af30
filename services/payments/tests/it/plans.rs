//! With a hundred thousand payments, no question that comes often reads a table from end to end.
//!
//! PostgreSQL counts how often it reads a table so. The statements that count are those of the service, with the plans that it
//! keeps, so each is asked often enough for one to be kept.

use std::sync::Arc;
use std::time::Duration;

use ::events::auth::EraseRequested;
use ::events::orders::UnwantedCapture;
use common::ids;
use payments::consumers::on_privacy_erase_requested::on_privacy_erase_requested;
use serde_json::json;
use test_support::plans;

use crate::app::TestApp;
use crate::shop::staff;

/// PostgreSQL settles on a plan with the sixth use of a statement.
const TIMES: usize = 8;

async fn fill(app: &TestApp) {
    for sql in [
        "INSERT INTO payments.payments (id, order_id, user_id, attempt, reference, amount, currency, status, callback_url,
             authorization_url, access_code, gateway_id, paid_amount, paid_currency, fees, paid_at, kept, created_at)
         SELECT md5('p' || n)::uuid, md5('o' || n)::uuid, md5('u' || n / 3)::uuid, 1, 'OLD-' || n, 100, 'NGN',
             CASE WHEN n % 3 = 0 THEN 'abandoned' ELSE 'paid' END, 'https://x', 'https://x', 'x',
             CASE WHEN n % 3 > 0 THEN n::text END, CASE WHEN n % 3 > 0 THEN 100 END, CASE WHEN n % 3 > 0 THEN 'NGN' END,
             CASE WHEN n % 3 > 0 THEN 1 END, CASE WHEN n % 3 > 0 THEN now() END, n % 3 > 0, now()
         FROM generate_series(1, 100000) n",
        "BEGIN;
         INSERT INTO payments.ledger_transactions (id, kind, subject_id, payment_id, occurred_at)
         SELECT md5('t' || id)::uuid, 'capture', id, id, now() - interval '1 day' FROM payments.payments
         WHERE paid_amount IS NOT NULL;
         INSERT INTO payments.ledger_entries (transaction_id, account, amount, currency, occurred_at)
         SELECT md5('t' || id)::uuid, a.account, a.amount, 'NGN', now() - interval '1 day' FROM payments.payments,
             (VALUES ('gateway_clearing', 100), ('suspense', -100)) AS a (account, amount) WHERE paid_amount IS NOT NULL;
         COMMIT",
        "INSERT INTO payments.refunds (id, payment_id, order_id, amount, currency, status, origin, reason, gateway_id,
             charged_to, created_at, processed_at)
         SELECT md5('r' || id)::uuid, id, order_id, 1, 'NGN', 'failed', 'staff', 'x', 'g' || gateway_id, 'refunds', now(), NULL
         FROM payments.payments WHERE paid_amount IS NOT NULL",
        "INSERT INTO payments.disputes (id, gateway_id, reference, payment_id, order_id, amount, currency, status, outcome,
             resolved_at, due_at, due_source, opened_at, created_at, updated_at)
         SELECT md5('d' || id)::uuid, gateway_id, reference, id, order_id, 1, 'NGN', 'resolved', 'won', now(), now(), 'provider',
             now(), now(), now() FROM payments.payments WHERE paid_amount IS NOT NULL",
        "INSERT INTO payments.dispute_history (dispute_id, version, event, status, actor, at)
         SELECT id, 1, 'opened', 'resolved', 'provider', now() FROM payments.disputes",
        "INSERT INTO payments.webhook_events (id, event_key, body_sha256, event_type, reference, status, outcome, received_at,
             processed_at)
         SELECT md5('w' || n)::uuid, 'charge.success|' || n, sha256(n::text::bytea), 'charge.success', 'OLD-' || n, 'done',
             'applied', now(), now() FROM generate_series(1, 100000) n",
        "INSERT INTO payments.attention_items (id, kind, subject_id, payment_id, facts, opened_at, closed_at, outcome)
         SELECT md5('a' || id)::uuid, 'mismatch', id, id, '{}', now(), now(), 'refunded' FROM payments.payments",
    ] {
        app.execute(sql).await;
    }
    for table in TABLES {
        app.execute(&format!("ANALYZE payments.{table}")).await;
    }
}

const TABLES: [&str; 8] = [
    "disputes",
    "dispute_history",
    "payments",
    "refunds",
    "webhook_events",
    "attention_items",
    "ledger_transactions",
    "ledger_entries",
];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_asked_often_reads_a_table_from_end_to_end() {
    let app = TestApp::start().await;
    fill(&app).await;
    let scans = async || plans::scans(&app.world.db, "payments", &TABLES).await;
    let before = scans().await;
    buyers(&app).await;
    finance(&app).await;
    heard(&app).await;
    // A new process looks at once for what is due.
    let _beside = TestApp::start_in(Arc::clone(&app.world), &[]).await;
    assert_eq!(scans().await, before);
    // What adds everything up does, which finance asks seldom; so it is also known that this test would notice.
    let sums = "/admin/ledger/trial-balance";
    let reply = app.get_as(staff(), "finance", sums).await;
    reply.assert_success(200);
    let after = scans().await;
    assert!(after["ledger_entries"] > before["ledger_entries"]);
}

async fn buyers(app: &TestApp) {
    for _ in 0..TIMES {
        let begun = app.begun().await;
        app.initialize(begun.order, &ids::new_id().to_string())
            .await
            .assert_success(200);
        let user = begun.order.user;
        for path in [
            "/payments".to_owned(),
            "/payments?status=paid".to_owned(),
            format!("/payments?orderId={}", begun.order.id),
            format!("/payments/{}", begun.id),
            format!("/payments/verify/{}", begun.reference),
        ] {
            let reply = app.get_as(user, "customer", &path).await;
            reply.assert_success(200);
        }
        app.world.paystack.pay(&begun.reference);
        let told = app.world.paystack.charge_success(&begun.reference);
        for _ in 0..2 {
            app.webhook(&told).await.assert_success(200);
        }
        until_paid(app, begun.id).await;
    }
}

/// By its id, as a test's own question must not read the table either.
async fn until_paid(app: &TestApp, payment: uuid::Uuid) {
    for _ in 0..400 {
        if app.status_of(payment).await != "initialized" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it is not paid");
}

async fn finance(app: &TestApp) {
    let rows = app
        .rows("SELECT id FROM payments.payments WHERE reference IN ('OLD-1', 'OLD-2', 'OLD-4', 'OLD-5', 'OLD-7', 'OLD-8', 'OLD-10', 'OLD-11')")
        .await;
    for row in rows {
        let payment: uuid::Uuid = row["id"].as_str().unwrap().parse().unwrap();
        for path in [
            "/payments",
            "/payments?status=paid",
            "/payments?status=pending",
            "/admin/refunds",
            "/admin/refunds?status=processing",
            &format!("/admin/refunds?paymentId={payment}"),
            "/admin/disputes?limit=5",
            "/admin/disputes?limit=5&status=pending",
            "/admin/disputes?limit=5&status=resolved&cursor=0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e62",
            "/admin/ledger?limit=5",
            "/admin/ledger?limit=5&account=sales",
            "/admin/ledger?limit=5&account=suspense&to=2020-01-01T00:00:00Z",
            "/admin/ledger?limit=5&from=2020-01-01T00:00:00Z&cursor=1768300200123456.7",
        ] {
            let reply = app.get_as(staff(), "finance", path).await;
            reply.assert_success(200);
        }
        let of_payment = format!("SELECT md5('d' || '{payment}')::uuid AS id");
        let dispute = app.rows(&of_payment).await[0]["id"].clone();
        let one = format!("/admin/disputes/{}", dispute.as_str().unwrap());
        app.get_as(staff(), "finance", &one)
            .await
            .assert_success(200);
        let body = json!({ "reason": "x", "amount": 1 });
        let key = ids::new_id().to_string();
        app.refund(payment, &key, &body).await.assert_success(202);
    }
}

async fn heard(app: &TestApp) {
    for _ in 0..TIMES {
        let begun = app.begun().await;
        app.world.paystack.pay(&begun.reference);
        let path = format!("/payments/verify/{}", begun.reference);
        app.get_as(begun.order.user, "customer", &path)
            .await
            .assert_success(200);
        app.keep(&begun).await.unwrap();
        app.refuse(&begun, UnwantedCapture::Closed).await.unwrap();
        let of_order = format!("/internal/payments/by-order/{}", begun.order.id);
        let of_buyer = format!("/internal/privacy/{}", begun.order.user);
        for (caller, path) in [("orders", of_order), ("auth", of_buyer)] {
            let reply = app.ask_as_service(caller, &path).await;
            reply.assert_success(200);
        }
        let event = EraseRequested {
            request_id: ids::new_id(),
            user_id: begun.order.user,
        };
        app.hear(event, ids::new_id(), on_privacy_erase_requested)
            .await
            .unwrap();
    }
}
