//! What the merchant is told about disputes.

use chrono::{DateTime, Utc};
use common::ids;
use events::disputes::{DisputeOpened, DisputeOutcome, DisputeReminded, DisputeResolved};
use messaging::Outcome;
use money::Currency;
use notifications::consumers;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::Ask as _;
use uuid::Uuid;

use crate::app::{TestApp, service_token};
use crate::orders::Sale;
use crate::sale::MERCHANT;

fn due() -> DateTime<Utc> {
    "2026-01-14T01:30:00Z".parse().unwrap()
}

fn opened(sale: &Sale, dispute: Uuid) -> DisputeOpened {
    DisputeOpened {
        dispute_id: dispute,
        payment_id: ids::new_id(),
        order_id: sale.order,
        user_id: sale.user,
        amount: "1500.00".parse().unwrap(),
        currency: Currency::Ngn,
        category: Some("fraud".to_owned()),
        due_at: due(),
    }
}

fn reminded(sale: &Sale, dispute: Uuid) -> DisputeReminded {
    DisputeReminded {
        dispute_id: dispute,
        payment_id: ids::new_id(),
        order_id: sale.order,
        user_id: sale.user,
        amount: "1500.00".parse().unwrap(),
        currency: Currency::Ngn,
        due_at: due(),
    }
}

fn resolved(sale: &Sale, dispute: Uuid, outcome: DisputeOutcome, taken: &str) -> DisputeResolved {
    DisputeResolved {
        dispute_id: dispute,
        payment_id: ids::new_id(),
        order_id: sale.order,
        user_id: sale.user,
        amount: "1500.00".parse().unwrap(),
        currency: Currency::Ngn,
        outcome,
        taken: taken.parse().unwrap(),
    }
}

fn assert_tells(mail: &Value, words: &[&str]) {
    assert_eq!(mail["to"], json!([MERCHANT]));
    let text = mail["text"].as_str().unwrap().replace('\n', " ");
    for told in words.iter().chain(&["AGP-20260113-7K3QXN9D4T"]) {
        assert!(text.contains(told), "{told} in {text}");
    }
}

#[tokio::test]
async fn the_merchant_hears_of_a_dispute_until_when_to_answer_and_how_it_ended() {
    let app = TestApp::start_with_merchant().await;
    let (sale, dispute) = (app.sold(|_| {}), ids::new_id());
    let on_opened = consumers::on_dispute_opened::on_dispute_opened;
    for expected in [Outcome::Applied, Outcome::Duplicate] {
        let heard = app
            .deliver(on_opened, ids::new_id(), opened(&sale, dispute))
            .await;
        assert_eq!(heard, expected);
    }
    app.until_mail_is(&sale, "merchant_dispute_opened", "sent")
        .await;
    let mail = app.left("merchant_dispute_opened")[0].clone();
    let until = "Answer before Wednesday, 14 January 2026 at 02:30 (WAT)";
    assert_tells(&mail, &["NGN 1,500.00", until]);
    let on_reminded = consumers::on_dispute_reminded::on_dispute_reminded;
    app.deliver(on_reminded, ids::new_id(), reminded(&sale, dispute))
        .await;
    app.until_mail_is(&sale, "merchant_dispute_reminded", "sent")
        .await;
    let mail = app.left("merchant_dispute_reminded")[0].clone();
    assert_tells(&mail, &["waits for your answer", "NGN 1,500.00", until]);
    assert_eq!(app.world.provider.left().len(), 2);
}

#[tokio::test]
async fn each_end_of_a_dispute_is_told_in_its_own_words() {
    let app = TestApp::start_with_merchant().await;
    for (outcome, taken, words) in [
        (DisputeOutcome::Won, "0.00", "the money stays yours"),
        (
            DisputeOutcome::Lost,
            "1500.00",
            "decided for the buyer: NGN 1,500.00 went back",
        ),
        (
            DisputeOutcome::Accepted,
            "500.00",
            "as you accepted it, NGN 500.00 went back",
        ),
        (
            DisputeOutcome::AutoAccepted,
            "1500.00",
            "not answered in time: NGN 1,500.00 went back",
        ),
    ] {
        let sale = app.sold(|_| {});
        let said = resolved(&sale, ids::new_id(), outcome, taken);
        let consume = consumers::on_dispute_resolved::on_dispute_resolved;
        let event = ids::new_id();
        assert_eq!(
            app.deliver(consume, event, said.clone()).await,
            Outcome::Applied
        );
        assert_eq!(app.deliver(consume, event, said).await, Outcome::Duplicate);
        app.until_mail_is(&sale, "merchant_dispute_resolved", "sent")
            .await;
        let left = app.left("merchant_dispute_resolved");
        let told = left.iter().filter(|mail| {
            mail["text"]
                .as_str()
                .unwrap()
                .replace('\n', " ")
                .contains(words)
        });
        assert_eq!(told.count(), 1, "{words}: {left:?}");
    }
}

#[tokio::test]
async fn payments_learns_which_mails_went_to_the_buyer() {
    let app = TestApp::start_with_merchant().await;
    let sale = app.sold(|_| {});
    app.hear_paid(&sale, ids::new_id()).await;
    app.hear_shipped(&sale).await;
    app.until_mail_is(&sale, "merchant_order_paid", "sent")
        .await;
    app.until_mail_is(&sale, "order_shipped", "sent").await;
    let path = format!("/internal/mails/{}/{}", sale.user, sale.order);
    let ask = async |path: &str, caller: &str| {
        let request = app.request(Method::GET, path);
        request.bearer_auth(service_token(caller)).reply().await
    };
    let data = ask(&path, "payments").await.assert_success(200).clone();
    let mails = data["mails"].as_array().unwrap().clone();
    assert_eq!(
        mails.len(),
        1,
        "the merchant's notice is none of the buyer's: {mails:?}"
    );
    assert_eq!(mails[0]["template"], "order_shipped");
    assert!(mails[0]["sentAt"].is_string());
    ask(&path, "auth")
        .await
        .assert_error(403, "AUTHORIZATION_ERROR");
    let unknown = format!("/internal/mails/{}/{}", ids::new_id(), sale.order);
    assert_eq!(
        ask(&unknown, "payments").await.assert_success(200)["mails"],
        json!([])
    );
}
