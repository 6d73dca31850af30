//! Our side: a row for each payment as the provider has it, and then mismatches of each class.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use test_support::TestDb;
use tokio_postgres::{Client, NoTls};

use crate::vendor::{Sold, Vendor};

/// A class and what it is about.
pub type Planted = (String, String);

/// Mismatches of each class.
const OF_EACH: usize = 10;

/// Writes our side and spoils both; answers what is to be found.
pub async fn plant(
    db: &TestDb,
    vendor: &Vendor,
    sold: &[Sold],
    at: DateTime<Utc>,
) -> Result<BTreeSet<Planted>> {
    let (client, connection) = tokio_postgres::connect(&db.admin_url(), NoTls).await?;
    tokio::spawn(connection);
    client.batch_execute("SET search_path = payments").await?;
    write(&client, sold, at).await?;
    let mut planted = BTreeSet::new();
    let mut groups = sold.chunks(OF_EACH);
    for class in CLASSES {
        for one in groups.next().context("too few payments")? {
            let subject = spoil(&client, vendor, class, one).await?;
            planted.insert((class.to_owned(), subject));
        }
    }
    client.batch_execute("ANALYZE").await?;
    Ok(planted)
}

const CLASSES: [&str; 12] = [
    "missing-local",
    "missing-gateway",
    "amount",
    "currency",
    "status",
    "double-kept",
    "refund-missing",
    "refund-extra",
    "refund-amount",
    "fee-anomaly",
    "reversed",
    "stale-pending",
];

/// A kept payment for each sale, with what was booked for it.
async fn write(client: &Client, sold: &[Sold], at: DateTime<Utc>) -> Result<()> {
    const SQL: &str = "INSERT INTO payments (id, order_id, user_id, attempt, reference, amount, currency, status, callback_url,
             gateway_id, paid_amount, paid_currency, fees, paid_at, kept, created_at)
         SELECT md5('p' || reference)::uuid, md5('o' || reference)::uuid, md5('u' || reference)::uuid, 1, reference,
             amount / 100.0, 'NGN', 'paid', 'https://x', id, amount / 100.0, 'NGN', fees / 100.0, $1, true, $1
         FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[]) AS s (id, reference, amount, fees)";
    for part in sold.chunks(5_000) {
        let ids: Vec<String> = part.iter().map(|one| one.id.to_string()).collect();
        let references: Vec<&str> = part.iter().map(|one| one.reference.as_str()).collect();
        let amounts: Vec<i64> = part.iter().map(|one| one.amount).collect();
        let fees: Vec<i64> = part.iter().map(|one| one.fees).collect();
        let at = std::time::SystemTime::from(at);
        client
            .execute(SQL, &[&at, &ids, &references, &amounts, &fees])
            .await?;
    }
    Ok(())
}

/// Makes one mismatch; answers what it is about.
async fn spoil(client: &Client, vendor: &Vendor, class: &str, one: &Sold) -> Result<String> {
    let reference = one.reference.as_str();
    let run = async |sql: &str| client.execute(sql, &[&reference]).await;
    match class {
        "missing-local" => {
            run("DELETE FROM payments WHERE reference = $1").await?;
            return Ok(one.id.to_string());
        }
        "missing-gateway" => {
            let gone = format!("{reference}-GONE");
            client.execute(COPY, &[&reference, &gone]).await?;
            return payment(client, &gone).await;
        }
        "amount" => {
            run("UPDATE payments SET paid_amount = paid_amount + 1 WHERE reference = $1").await?
        }
        "currency" => run("UPDATE payments SET paid_currency = 'GHS' WHERE reference = $1").await?,
        "status" => run(UNPAID).await?,
        "double-kept" => {
            run("UPDATE payments SET kept = false, attempt = 2, order_id = (SELECT order_id FROM payments
                 WHERE reference = 'AGP-999-1') WHERE reference = $1 AND reference <> 'AGP-999-1'")
                .await?;
            // Each is another attempt of that one order.
            run("UPDATE payments SET attempt = 1000 + split_part($1, '-', 2)::int WHERE reference = $1").await?
        }
        "refund-missing" | "refund-amount" => {
            let mut number = format!("77{}", one.id);
            if class == "refund-amount" {
                number = vendor.refund(reference, 700).await?.to_string();
            }
            client.execute(REFUND, &[&reference, &number]).await?;
            return refund(client, &number).await;
        }
        "refund-extra" => return Ok(vendor.refund(reference, 700).await?.to_string()),
        "fee-anomaly" => run("UPDATE payments SET fees = fees - 1 WHERE reference = $1").await?,
        "reversed" => {
            vendor.charge_back(reference).await?;
            0
        }
        _ => {
            let stale = format!("{reference}-STALE");
            vendor.begin(&stale).await?;
            client.execute(COPY, &[&reference, &stale]).await?;
            client.execute(UNPAID, &[&stale]).await?;
            return payment(client, &stale).await;
        }
    };
    payment(client, reference).await
}

/// The same payment once more, under another name and of another order.
const COPY: &str = "INSERT INTO payments (id, order_id, user_id, attempt, reference, amount, currency, status, callback_url,
         gateway_id, paid_amount, paid_currency, fees, paid_at, kept, created_at)
     SELECT md5('p' || $2)::uuid, md5('o' || $2)::uuid, user_id, 1, $2, amount, currency, status, callback_url, gateway_id || '9',
         paid_amount, paid_currency, fees, paid_at, kept, created_at FROM payments WHERE reference = $1";

const UNPAID: &str = "UPDATE payments SET status = 'initialized', gateway_id = NULL, paid_amount = NULL, paid_currency = NULL,
         fees = NULL, paid_at = NULL, kept = false WHERE reference = $1";

const REFUND: &str = "INSERT INTO refunds (id, payment_id, order_id, amount, currency, status, origin, reason, gateway_id,
         charged_to, asked_at, created_at)
     SELECT md5('r' || $2)::uuid, id, order_id, 6.00, 'NGN', 'processing', 'staff', 'x', $2, 'refunds', created_at, created_at
     FROM payments WHERE reference = $1";

async fn payment(client: &Client, reference: &str) -> Result<String> {
    let sql = "SELECT id::text FROM payments WHERE reference = $1";
    Ok(client.query_one(sql, &[&reference]).await?.get(0))
}

async fn refund(client: &Client, number: &str) -> Result<String> {
    let sql = "SELECT id::text FROM refunds WHERE gateway_id = $1";
    Ok(client.query_one(sql, &[&number]).await?.get(0))
}
