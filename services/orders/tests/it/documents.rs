use std::sync::Arc;

use chrono::TimeDelta;
use common::ids;
use events::payments::RefundProcessed;
use money::Currency;
use orders::consumers::on_refund_processed::on_refund_processed;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::{self, Ask as _, Reply};

use crate::app::{TestApp, eventually, id_of};
use crate::invariants;
use crate::settling::pay;

async fn issued(app: &TestApp) -> Vec<String> {
    let rows = app
        .rows("SELECT number FROM orders.documents WHERE pdf IS NOT NULL ORDER BY series, year, sequence")
        .await;
    let numbers = rows
        .iter()
        .map(|row| row["number"].as_str().unwrap().to_owned());
    numbers.collect()
}

async fn until_issued(app: &TestApp, count: usize) {
    eventually("all documents are drawn", async || {
        issued(app).await.len() == count
    })
    .await;
}

async fn as_notifications(app: &TestApp, order: &Value, what: &str) -> Reply {
    let path = format!("/internal/orders/{}/{what}", id_of(order));
    let token = service::service_token("notifications", "orders");
    app.request(Method::GET, &path)
        .bearer_auth(token)
        .reply()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_order_gets_an_invoice_for_those_who_may_see_it() {
    let app = TestApp::start_with(&[("SELLER__NAME", "Lagos Lace")]).await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let path = format!("/orders/{}/invoice", id_of(&order));
    ada.get(&path).await.assert_error(404, "NOT_FOUND");
    pay(&app, &order).await;
    until_issued(&app, 1).await;
    let reply = ada.get(&path).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "application/pdf");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert!(reply.bytes.starts_with(b"%PDF-"));
    let number = issued(&app).await[0].clone();
    assert!(reply.header("content-disposition").contains(&number));
    assert_eq!(ada.get(&path).await.bytes, reply.bytes);
    assert_eq!(app.staff("finance").get(&path).await.bytes, reply.bytes);
    app.customer()
        .get(&path)
        .await
        .assert_error(404, "NOT_FOUND");
    let said = app.promised("invoice.issued").await;
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["data"]["number"], json!(number));
    assert_eq!(said[0]["data"]["userId"], json!(ada.id));
    assert_eq!(said[0]["data"]["total"], 2575.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_have_no_gaps_however_many_issue_them() {
    let app = TestApp::start().await;
    let beside = TestApp::start_in(Arc::clone(&app.world), &[]).await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let people: Vec<_> = (0..30).map(|_| app.customer()).collect();
    let orders = people.iter().map(|person| person.buy(lace, 1));
    let orders = futures_util::future::join_all(orders).await;
    let paid = orders.iter().enumerate().map(|(turn, order)| {
        let which = if turn % 2 == 0 { &app } else { &beside };
        pay(which, order)
    });
    futures_util::future::join_all(paid).await;
    until_issued(&app, 30).await;
    let numbers = issued(&app).await;
    let year = &numbers[0][4..8];
    let expected: Vec<String> = (1..=30)
        .map(|number| format!("INV-{year}-{number:06}"))
        .collect();
    assert_eq!(numbers, expected);
    assert_eq!(app.promised("invoice.issued").await.len(), 30);
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_gets_a_credit_note_of_its_own_series() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let payment = pay(&app, &order).await;
    let refund = RefundProcessed {
        refund_id: ids::new_id(),
        payment_id: payment,
        order_id: id_of(&order),
        user_id: ada.id,
        amount: "500.00".parse().unwrap(),
        currency: Currency::Ngn,
        restock: None,
    };
    app.wait(TimeDelta::days(40));
    app.hear(refund, on_refund_processed).await.unwrap();
    until_issued(&app, 2).await;
    let numbers = issued(&app).await;
    assert!(
        numbers[0].starts_with("CN-") && numbers[0].ends_with("-000001"),
        "{numbers:?}"
    );
    assert!(numbers[1].starts_with("INV-"), "{numbers:?}");
    let says = app.content(&numbers[0]).await;
    assert_eq!(says["correctsNumber"], json!(numbers[1]));
    assert_eq!(
        says["payment"]["paidOn"], says["issuedOn"],
        "when it went back"
    );
    assert_ne!(says["payment"]["paidOn"], says["orderedOn"]);
    let said = app.promised("invoice.issued").await;
    let note = said
        .iter()
        .find(|one| one["data"]["kind"] == "credit_note")
        .unwrap();
    assert_eq!(note["data"]["total"], 500.0);
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_issued_stays_as_it_is() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    pay(&app, &order).await;
    until_issued(&app, 1).await;
    let (client, connection) =
        tokio_postgres::connect(&app.world.db.admin_url(), tokio_postgres::NoTls)
            .await
            .unwrap();
    tokio::spawn(connection);
    for sql in [
        "UPDATE orders.documents SET number = 'INV-1'",
        "UPDATE orders.documents SET content = 'x'",
        "UPDATE orders.documents SET pdf = 'x'",
        "UPDATE orders.documents SET number = NULL, series = NULL",
        "DELETE FROM orders.documents",
    ] {
        let refused = client.batch_execute(sql).await.unwrap_err();
        let refused = refused.as_db_error().unwrap().message().to_owned();
        assert!(refused.contains("document"), "{sql}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_year_of_a_number_is_the_shops() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    use common::Clock as _;
    let silvester: chrono::DateTime<chrono::Utc> = "2026-12-31T22:59:59Z".parse().unwrap();
    app.wait(silvester - app.world.clock.now());
    let (old, new) = (
        app.customer().buy(lace, 1).await,
        app.customer().buy(lace, 1).await,
    );
    pay(&app, &old).await;
    until_issued(&app, 1).await;
    app.wait(TimeDelta::seconds(2));
    pay(&app, &new).await;
    until_issued(&app, 2).await;
    assert_eq!(issued(&app).await, ["INV-2026-000001", "INV-2027-000001"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_gets_what_a_mail_says() {
    let app = TestApp::start_for("notifications").await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let view = as_notifications(&app, &order, "mail-view").await;
    let view = view.assert_success(200)["mailView"].clone();
    assert_eq!(view["to"], crate::world::email_of(ada.id));
    assert_eq!(view["invoiceNumber"], json!(null));
    assert_eq!(view["order"]["total"], 2575.0);
    as_notifications(&app, &order, "invoice")
        .await
        .assert_error(404, "NOT_FOUND");
    pay(&app, &order).await;
    until_issued(&app, 1).await;
    let number = issued(&app).await[0].clone();
    let view = as_notifications(&app, &order, "mail-view").await;
    assert_eq!(
        view.assert_success(200)["mailView"]["invoiceNumber"],
        json!(number)
    );
    let invoice = as_notifications(&app, &order, "invoice").await;
    let invoice = invoice.assert_success(200)["invoice"].clone();
    use base64::Engine as _;
    let pdf = base64::engine::general_purpose::STANDARD
        .decode(invoice["pdf"].as_str().unwrap())
        .unwrap();
    let path = format!("/orders/{}/invoice", id_of(&order));
    assert_eq!(pdf, ada.get(&path).await.bytes);
}
