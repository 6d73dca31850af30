//! The provider tells nothing, for as long as it likes: the shop finds out by itself. What is told late changes nothing.

use std::time::{Duration, Instant};

use agape::bootstrap::DATABASE;
use reqwest::StatusCode;
use ring::hmac;
use serde_json::{Value, json};
use tokio_postgres::{Client, Config, NoTls};

use crate::purchase::{Shopper, complete};
use crate::shop::client;
use crate::storm::rest;
use crate::system::System;

/// How often an attempt that can be paid is asked about; 45 s unless somebody sets it.
const EVERY: Duration = Duration::from_secs(1);
/// What it takes beside that until the order is in process: a look at the table each second, the question, two events. The rest is
/// for a machine that compiles something else.
const ON_TOP: Duration = Duration::from_secs(20);
/// The key that webhooks of the sandbox are signed with.
const SECRET: &str = "sk_test_sandbox";

/// What may not change any more. Mails are those about sales: who logs in to compare gets some, too.
const EVERYTHING: [(&str, &str); 9] = [
    ("orders", "SELECT jsonb_agg(to_jsonb(o) ORDER BY id) FROM orders.orders o"),
    ("histories", "SELECT jsonb_agg(to_jsonb(h) ORDER BY order_id, version) FROM orders.order_history h"),
    ("invoices", "SELECT jsonb_agg(number ORDER BY id) FROM orders.documents"),
    ("payments", "SELECT jsonb_agg(to_jsonb(p) ORDER BY id) FROM payments.payments p"),
    ("books", "SELECT jsonb_agg(to_jsonb(e) ORDER BY seq) FROM payments.ledger_entries e"),
    ("refunds", "SELECT jsonb_agg(to_jsonb(r) ORDER BY id) FROM payments.refunds r"),
    ("stock", "SELECT jsonb_agg(to_jsonb(s) ORDER BY variant_id) FROM inventory.stock_items s"),
    ("movements", "SELECT jsonb_agg(to_jsonb(m) ORDER BY seq) FROM inventory.movements m"),
    (
        "mails",
        "SELECT jsonb_agg(jsonb_build_array(id, template, status, provider_id) ORDER BY id) FROM notifications.messages
         WHERE template LIKE '%order%'",
    ),
];

#[tokio::test]
async fn what_no_webhook_tells_is_found_within_the_bound_and_told_late_changes_nothing() {
    let every = EVERY.as_secs().to_string();
    let system = System::start(&[("PAYMENTS__POLL__EVERY_SECS", &every)]);
    let faults = json!({ "paystack": { "webhook": { "dropWebhooks": true } } });
    rest::put_faults(&system, &faults).await;

    let ada = Shopper::new(&system).await;
    let mut references = Vec::new();
    for channel in ["card", "bank_transfer", "ussd"] {
        let order = ada.order("raw-shea-butter").await;
        let reference = ada.initialize(&order).await;
        complete(&system, &reference, channel, "success").await;
        let paid = Instant::now();
        ada.until(&order, "status", "processing").await;
        let took = paid.elapsed();
        eprintln!("paid by {channel}, found after {:.1} s", took.as_secs_f64());
        assert!(took < EVERY + ON_TOP, "{took:?}");
        references.push(reference);
    }
    // Also that a comparison with the provider finds nothing that is left to do.
    rest::assert_nothing_is_lost(&system, Vec::new()).await;
    let db = database(&system).await;
    assert_eq!(
        number(&db, "SELECT count(*) FROM payments.webhook_events").await,
        0
    );
    until(&db, "every mail to be sent", UNSENT, 0).await;
    let before = everything(&db).await;

    rest::vendors_behave(&system).await;
    for reference in &references {
        tell_late(&system, reference).await;
    }
    let told = i64::try_from(references.len()).unwrap();
    until(&db, "webhooks to be worked off", WORKED_OFF, told).await;
    rest::assert_nothing_is_lost(&system, Vec::new()).await;
    for ((what, before), (_, after)) in before.iter().zip(everything(&db).await) {
        assert_eq!(*before, after, "{what} changed");
    }
}

/// A webhook that was dropped, as the vendor would repeat it an hour later.
async fn tell_late(system: &System, reference: &str) {
    let url = system.url(
        "sandbox",
        &format!("/paystack/transaction/verify/{reference}"),
    );
    let asked = client().get(url).bearer_auth(SECRET).send().await.unwrap();
    let answer: Value = asked.json().await.unwrap();
    let body = json!({ "event": "charge.success", "data": answer["data"] }).to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA512, SECRET.as_bytes());
    let signature = hex::encode(hmac::sign(&key, body.as_bytes()));
    let url = system.url("gateway", "/api/v1/payments/webhook");
    let request = client()
        .post(url)
        .header("x-paystack-signature", signature)
        .header("content-type", "application/json");
    let told = request.body(body).send().await.unwrap();
    assert_eq!(told.status(), StatusCode::OK);
}

const UNSENT: &str =
    "SELECT count(*) FROM notifications.messages WHERE status IN ('pending', 'sending')";
const WORKED_OFF: &str =
    "SELECT count(*) FROM payments.webhook_events WHERE status = 'done' AND outcome = 'applied'";

async fn until(db: &Client, what: &str, sql: &str, wanted: i64) {
    let begun = Instant::now();
    while number(db, sql).await != wanted {
        assert!(begun.elapsed() < ON_TOP, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A hash of each kind of row: the rows themselves fill pages.
async fn everything(db: &Client) -> Vec<(&'static str, Option<String>)> {
    let mut all = Vec::new();
    for (what, sql) in EVERYTHING {
        let sql = format!("SELECT md5(({sql})::text)");
        all.push((what, db.query_one(&sql, &[]).await.unwrap().get(0)));
    }
    all
}

async fn database(system: &System) -> Client {
    let url = system.json("urls.json")["infrastructure"]["postgres"].clone();
    let mut config: Config = url.as_str().unwrap().parse().unwrap();
    let (client, connection) = config.dbname(DATABASE).connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn number(db: &Client, sql: &str) -> i64 {
    db.query_one(sql, &[]).await.unwrap().get(0)
}
