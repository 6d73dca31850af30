//! What else buyers and the merchant are told about orders.

use chrono::TimeDelta;
use common::ids;
use messaging::Outcome;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::Ask as _;

use crate::app::{ADA, Options, TestApp, service_token};
use crate::provider::Then;
use crate::sale::MERCHANT;

const PAID: &str = "merchant_order_paid";
const TOO_LATE: &str = "merchant_order_unallocated";

/// A notice names the order and its goods, and nobody.
fn assert_notice(mail: &Value) {
    assert_eq!(mail["to"], json!([MERCHANT]));
    let text = mail["text"].as_str().unwrap();
    for told in [
        "AGP-20260113-7K3QXN9D4T",
        "2 x Royal lace, 5 yards: NGN 40,000.00\n1 x Gele: NGN 7,000.00\n",
        "Total: NGN 48,500.00",
    ] {
        assert!(text.contains(told), "{told} in {text}");
    }
    let whole = mail.to_string();
    for theirs in [
        ADA,
        "Ada",
        "Obi",
        "Broad Street",
        "+2348012345678",
        "Ring twice",
    ] {
        assert!(!whole.contains(theirs), "{theirs} in {whole}");
    }
    assert!(mail.get("attachments").is_none());
}

#[tokio::test]
async fn the_merchant_is_told_of_each_paid_order_once_and_of_nobody() {
    let app = TestApp::start_with_merchant().await;
    let sale = app.sold(|_| {});
    let event = ids::new_id();
    assert_eq!(app.hear_paid(&sale, event).await, Outcome::Applied);
    assert_eq!(app.hear_paid(&sale, event).await, Outcome::Duplicate);
    assert_eq!(
        app.hear_paid(&sale, ids::new_id()).await,
        Outcome::Duplicate
    );
    app.until_mail_is(&sale, PAID, "sent").await;
    let left = app.world.provider.left();
    assert_eq!(left.len(), 1, "the buyer's mail comes with the invoice");
    assert_eq!(
        left[0]["subject"],
        "Paid order AGP-20260113-7K3QXN9D4T at Agape"
    );
    assert_notice(&left[0]);
}

#[tokio::test]
async fn a_merchant_without_an_address_gets_no_notice() {
    let app = TestApp::start().await;
    let sale = app.sold(|_| {});
    let event = ids::new_id();
    assert_eq!(app.hear_paid(&sale, event).await, Outcome::Applied);
    assert_eq!(app.hear_paid(&sale, event).await, Outcome::Duplicate);
    app.hear_unallocated(&sale).await;
    app.until_mail_is(&sale, "order_unallocated", "sent").await;
    assert!(app.mails(&sale, PAID).await.is_empty());
    assert!(app.mails(&sale, TOO_LATE).await.is_empty());
    assert_eq!(app.world.provider.left().len(), 1);
}

#[tokio::test]
async fn a_notice_is_skipped_when_the_address_is_gone_by_then() {
    let merchant = [("NOTIFICATIONS__MERCHANT_EMAIL", MERCHANT)];
    let app = TestApp::start_with(Options {
        only: Some(common::service::Only::Http),
        ..Options::with(&merchant)
    })
    .await;
    let sale = app.sold(|_| {});
    app.hear_paid(&sale, ids::new_id()).await;
    let app = TestApp::start_with(Options {
        world: Some(app.stop()),
        ..Options::default()
    })
    .await;
    let row = app.until_mail_is(&sale, PAID, "cancelled").await;
    let why = row["last_error"].as_str().unwrap();
    assert!(why.starts_with("skipped: the merchant"), "{why}");
    assert!(app.world.provider.requests().is_empty());
}

#[tokio::test]
async fn who_paid_for_goods_that_were_gone_gets_an_apology_and_the_merchant_a_notice() {
    let app = TestApp::start_with_merchant().await;
    let sale = app.sold(|_| {});
    assert_eq!(app.hear_unallocated(&sale).await, Outcome::Applied);
    assert_eq!(app.hear_unallocated(&sale).await, Outcome::Duplicate);
    app.until_mail_is(&sale, "order_unallocated", "sent").await;
    app.until_mail_is(&sale, TOO_LATE, "sent").await;
    assert_eq!(app.world.provider.left().len(), 2);
    let apology = &app.left("order_unallocated")[0];
    assert_eq!(apology["to"], json!([ADA]));
    let text = apology["text"].as_str().unwrap();
    for told in ["We are sorry", "NGN 48,500.00, goes back to you"] {
        assert!(text.contains(told), "{text}");
    }
    assert!(apology.get("attachments").is_none());
    assert_notice(&app.left(TOO_LATE)[0]);
}

#[tokio::test]
async fn each_refund_is_told_with_its_exact_amount_also_when_it_is_sent_again() {
    let app = TestApp::start().await;
    let sale = app.sold(|_| {});
    let (first, second) = (ids::new_id(), ids::new_id());
    app.hear_refund(&sale, first, "90071992547409.93").await;
    let row = app.until_mail_is(&sale, "refund_processed", "sent").await;
    let again = app.hear_refund(&sale, first, "90071992547409.93").await;
    assert_eq!(again, Outcome::Duplicate);
    app.hear_refund(&sale, second, "0.29").await;
    app.until_requests(2).await;
    let path = format!(
        "/api/v1/admin/notifications/{}/resend",
        row["id"].as_str().unwrap()
    );
    let resent = app
        .request(Method::POST, &path)
        .bearer_auth(app.token("admin"))
        .reply()
        .await;
    assert_eq!(resent.status, 201, "{}", resent.body);
    app.until_requests(3).await;
    let left = app.left("refund_processed");
    let told = [
        "NGN 90,071,992,547,409.93",
        "NGN 0.29",
        "NGN 90,071,992,547,409.93",
    ];
    assert_eq!(left.len(), told.len());
    for (mail, amount) in left.iter().zip(told) {
        let sentence = format!("We have paid back {amount} for your order");
        assert!(mail["text"].as_str().unwrap().contains(&sentence), "{mail}");
        assert!(mail["html"].as_str().unwrap().contains(amount));
    }
}

#[tokio::test]
async fn a_buyer_is_told_how_the_order_gets_on() {
    let app = TestApp::start().await;
    let sale = app.sold(|sale| {
        sale.carrier = Some("GIG Logistics".to_owned());
        sale.tracking = Some("GIG-0042".to_owned());
    });
    app.hear_shipped(&sale).await;
    app.hear_delivered(&sale).await;
    app.hear_cancelled(&sale).await;
    for (template, told) in [
        ("order_shipped", "Its tracking number is GIG-0042."),
        ("order_shipped", "GIG Logistics"),
        ("order_delivered", "was delivered"),
        ("order_cancelled", "is cancelled before it was"),
    ] {
        app.until_mail_is(&sale, template, "sent").await;
        let left = app.left(template);
        assert_eq!(left.len(), 1);
        assert_eq!(left[0]["to"], json!([ADA]));
        let text = left[0]["text"].as_str().unwrap();
        assert!(text.contains(told), "{told} in {text}");
        assert!(text.contains("AGP-20260113-7K3QXN9D4T"), "{text}");
    }
    for again in [
        app.hear_shipped(&sale).await,
        app.hear_delivered(&sale).await,
        app.hear_cancelled(&sale).await,
    ] {
        assert_eq!(again, Outcome::Duplicate);
    }
}

#[tokio::test]
async fn who_did_not_pay_is_left_in_peace() {
    let app = TestApp::start_with_merchant().await;
    let sale = app.sold(|_| {});
    assert_eq!(app.hear_expired(&sale).await, Outcome::Applied);
    // What is heard after it has come through, so it was not only slow.
    app.hear_cancelled(&sale).await;
    app.until_mail_is(&sale, "order_cancelled", "sent").await;
    let rows = app
        .rows("SELECT template FROM notifications.messages")
        .await;
    assert_eq!(rows, [json!({ "template": "order_cancelled" })]);
}

#[tokio::test]
async fn notices_to_the_merchant_are_no_data_of_the_buyer() {
    let app = TestApp::start_with_merchant().await;
    app.world
        .provider
        .always(Some(Then::error(503, "service_unavailable")));
    let sale = app.sold(|_| {});
    app.hear_paid(&sale, ids::new_id()).await;
    app.hear_invoice(&sale).await;
    app.until_mail_is(&sale, PAID, "sending").await;
    app.until_mail_is(&sale, "order_confirmation", "sending")
        .await;
    let path = format!("/internal/privacy/{}", sale.user);
    let told = app
        .request(Method::GET, &path)
        .bearer_auth(service_token("auth"))
        .reply()
        .await;
    let mails = told.body["data"]["notifications"].as_array().unwrap();
    assert_eq!(mails.len(), 1, "{}", told.body);
    assert_eq!(mails[0]["template"], "order_confirmation");

    app.hear_erase(sale.user, ids::new_id(), ids::new_id())
        .await;
    let stopped = &app.mails(&sale, "order_confirmation").await[0];
    assert_eq!(stopped["status"], "cancelled");
    assert!(stopped["recipient_ct"].is_null() && stopped["request_ct"].is_null());
    app.world.provider.always(None);
    app.pass(TimeDelta::minutes(10));
    let row = app.until_mail_is(&sale, PAID, "sent").await;
    assert!(
        row["recipient_ct"].is_string(),
        "the merchant is not forgotten"
    );
    app.hear_erase(sale.user, ids::new_id(), ids::new_id())
        .await;
    assert_eq!(app.mails(&sale, PAID).await, [row]);
    assert_eq!(app.world.provider.left().len(), 1);
}

#[tokio::test]
async fn what_is_heard_late_of_somebody_forgotten_is_not_sent_to_them() {
    let app = TestApp::start_with_merchant().await;
    let sale = app.sold(|_| {});
    app.hear_erase(sale.user, ids::new_id(), ids::new_id())
        .await;
    // Orders has not heard of it yet, and still says where to write.
    app.hear_shipped(&sale).await;
    app.hear_paid(&sale, ids::new_id()).await;
    let row = app.until_mail_is(&sale, "order_shipped", "cancelled").await;
    assert_eq!(row["last_error"], "the person was erased");
    assert!(row["recipient_ct"].is_null() && row["request_ct"].is_null());
    app.until_mail_is(&sale, PAID, "sent").await;
    assert!(app.left("order_shipped").is_empty());
}
