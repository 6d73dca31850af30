//! The confirmation of an order: one, with the invoice, whatever happens.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use common::ids;
use messaging::Outcome;
use serde_json::{Value, json};
use test_support::stand_in::Reply;

use crate::app::{ADA, Options, TestApp, World};
use crate::orders::Sale;
use crate::provider::Then;

const CONFIRMATION: &str = "order_confirmation";

/// The bytes of the only file that came with a mail.
fn attached(mail: &Value) -> Vec<u8> {
    let files = mail["attachments"].as_array().unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0]["filename"], "INV-2026-000042.pdf");
    STANDARD
        .decode(files[0]["content"].as_str().unwrap())
        .unwrap()
}

#[tokio::test]
async fn an_order_is_confirmed_to_its_buyer_with_the_invoice() {
    let app = TestApp::start().await;
    let sale = app.sold(|_| {});
    assert_eq!(app.hear_invoice(&sale).await, Outcome::Applied);
    let row = app.until_mail_is(&sale, CONFIRMATION, "sent").await;
    let left = app.world.provider.left();
    assert_eq!(left.len(), 1);
    let mail = &left[0];
    assert_eq!(attached(mail), sale.pdf.clone().unwrap());
    assert_eq!(mail["to"], json!([ADA]));
    assert_eq!(
        mail["subject"],
        "Your order AGP-20260113-7K3QXN9D4T at Agape"
    );
    let text = mail["text"].as_str().unwrap();
    assert!(text.contains("Hello Ada Obi,"), "{text}");
    for line in [
        "2 x Royal lace, 5 yards: NGN 40,000.00\n1 x Gele: NGN 7,000.00\n",
        "Delivery: NGN 1,500.00\nTotal: NGN 48,500.00\n",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(mail["html"].as_str().unwrap().contains("NGN 48,500.00"));
    assert!(
        row["request_ct"].is_null(),
        "the body is gone once it is sent"
    );
    assert_eq!(row["user_id"], json!(sale.user));
    let key = format!("{CONFIRMATION}/{}", row["id"].as_str().unwrap());
    assert_eq!(
        app.world.provider.requests()[0].header("idempotency-key"),
        key
    );
    let sent = app.promised("notification.sent").await;
    assert_eq!(sent[0]["data"]["template"], CONFIRMATION);
    assert!(!sent[0].to_string().contains('@'));
}

#[tokio::test]
async fn an_order_is_confirmed_once_however_often_it_is_heard() {
    let app = TestApp::start().await;
    let other = app.start_beside().await;
    let sale = app.sold(|_| {});
    let event = ids::new_id();
    // Two processes get the same delivery, and a replay brings it under other ids.
    let outcomes = tokio::join!(
        app.hear_invoice_as(&sale, event),
        other.hear_invoice_as(&sale, event),
        app.hear_invoice(&sale),
        other.hear_invoice(&sale),
    );
    let outcomes = [outcomes.0, outcomes.1, outcomes.2, outcomes.3];
    let applied = outcomes.iter().filter(|o| **o == Outcome::Applied).count();
    assert_eq!(applied, 1, "{outcomes:?}");
    app.until_mail_is(&sale, CONFIRMATION, "sent").await;
    assert_eq!(app.hear_invoice_as(&sale, event).await, Outcome::Duplicate);
    assert_eq!(app.hear_invoice(&sale).await, Outcome::Duplicate);
    let another = app.sold(|_| {});
    app.hear_invoice(&another).await;
    app.until_mail_is(&another, CONFIRMATION, "sent").await;
    assert_eq!(app.mails(&sale, CONFIRMATION).await.len(), 1);
    assert_eq!(app.world.provider.requests().len(), 2);
    assert_eq!(app.promised("notification.sent").await.len(), 2);
}

/// Orders tells something else than before.
fn change_mind(world: &World, sale: &Sale) {
    world.orders.know(&Sale {
        name: Some("Somebody else".to_owned()),
        pdf: Some(b"%PDF-1.7 another".to_vec()),
        ..sale.clone()
    });
}

/// The provider was asked twice, for the same bytes under the same key, and one mail left: the first.
fn assert_one_left(world: &World, sale: &Sale) {
    let requests = world.provider.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].body, requests[1].body);
    let key = |at: usize| requests[at].header("idempotency-key").to_owned();
    assert_eq!(key(0), key(1));
    let left = world.provider.left();
    assert_eq!(left.len(), 1);
    assert_eq!(attached(&left[0]), sale.pdf.clone().unwrap());
    assert!(left[0]["text"].as_str().unwrap().contains("Ada Obi"));
}

#[tokio::test]
async fn a_crash_after_the_provider_took_it_and_before_that_is_noted_sends_no_second_one() {
    let app = TestApp::start().await;
    app.world.provider.then([Then::ExecuteBut(Reply::Silence)]);
    let sale = app.sold(|_| {});
    let event = ids::new_id();
    app.hear_invoice_as(&sale, event).await;
    app.until_requests(1).await;
    let world = app.crash();
    assert_eq!(world.provider.left().len(), 1, "it did leave");
    change_mind(&world, &sale);
    let app = TestApp::start_with(Options {
        world: Some(Arc::clone(&world)),
        ..Options::default()
    })
    .await;
    assert_eq!(app.hear_invoice_as(&sale, event).await, Outcome::Duplicate);
    assert_eq!(app.hear_invoice(&sale).await, Outcome::Duplicate);
    app.pass(TimeDelta::minutes(2));
    let row = app.until_mail_is(&sale, CONFIRMATION, "sent").await;
    assert_eq!(row["provider_id"], "49a3999c-0ce1-4ea6-ab68-000000000001");
    assert_one_left(&world, &sale);
    assert_eq!(app.promised("notification.sent").await.len(), 1);
}

#[tokio::test]
async fn what_is_tried_again_is_the_same_mail_with_the_same_file() {
    let app = TestApp::start().await;
    app.world
        .provider
        .then([Then::error(503, "service_unavailable")]);
    let sale = app.sold(|_| {});
    app.hear_invoice(&sale).await;
    app.until_mail(&sale, CONFIRMATION, |row| row["last_error"].is_string())
        .await;
    change_mind(&app.world, &sale);
    app.pass(TimeDelta::minutes(1));
    app.until_mail_is(&sale, CONFIRMATION, "sent").await;
    assert_one_left(&app.world, &sale);
    assert_eq!(app.world.orders.asked().len(), 2, "view and invoice, once");
}

#[tokio::test]
async fn nothing_of_the_mail_or_its_file_lies_open_in_the_database() {
    let app = TestApp::start().await;
    app.world
        .provider
        .always(Some(Then::error(503, "service_unavailable")));
    let sale = app.sold(|_| {});
    app.hear_invoice(&sale).await;
    let row = app
        .until_mail(&sale, CONFIRMATION, |row| row["last_error"].is_string())
        .await;
    assert!(row["request_ct"].as_str().unwrap().len() > 2 * 160_000);
    let everything = app
        .rows("SELECT (SELECT jsonb_agg(m) FROM notifications.messages m) AS m, (SELECT jsonb_agg(o) FROM notifications.outbox o) AS o")
        .await[0]
        .to_string();
    let file = STANDARD.encode(sale.pdf.unwrap());
    for secret in [ADA, "Ada Obi", "Royal lace", "%PDF", &file[..40]] {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(
            !everything.contains(secret) && !everything.contains(&hex),
            "{secret}"
        );
    }
}

#[tokio::test]
async fn a_credit_note_comes_with_its_file_and_is_no_confirmation() {
    let app = TestApp::start().await;
    let sale = app.sold(|_| {});
    app.hear_credit_note(&sale, "CN-2026-000007", "1500.50")
        .await;
    app.until_mail_is(&sale, "credit_note", "sent").await;
    let left = app.world.provider.left();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["attachments"][0]["filename"], "CN-2026-000007.pdf");
    let text = left[0]["text"].as_str().unwrap();
    assert!(text.contains("CN-2026-000007 over NGN 1,500.50"), "{text}");
    // Each has its own mail, and the confirmation is still to come.
    app.hear_credit_note(&sale, "CN-2026-000008", "2.00").await;
    app.hear_invoice(&sale).await;
    app.until_mail_is(&sale, CONFIRMATION, "sent").await;
    app.until_requests(3).await;
    assert_eq!(app.mails(&sale, "credit_note").await.len(), 2);
}

#[tokio::test]
async fn tax_that_is_a_part_of_the_prices_is_not_added_to_them() {
    let app = TestApp::start().await;
    for (includes_tax, lines) in [
        (false, "Tax: NGN 3,525.00\nTotal: NGN 52,025.00\n"),
        (true, "Total: NGN 48,500.00\nof which tax: NGN 3,525.00\n"),
    ] {
        let sale = app.sold(|sale| {
            sale.tax = "3525.00".to_owned();
            sale.includes_tax = includes_tax;
            if !includes_tax {
                sale.total = "52025.00".to_owned();
            }
        });
        app.hear_invoice(&sale).await;
        app.until_mail_is(&sale, CONFIRMATION, "sent").await;
        let left = app.world.provider.left();
        let text = left.last().unwrap()["text"].as_str().unwrap();
        assert!(text.contains(lines), "{text}");
    }
}
