//! What must hold in the databases of all services, as SQL that finds nothing where it does: a part of it at any moment, all of
//! it once everything has come to rest.
//!
//! The queries are in `sql/`, one file each; `sql/README.md` says where they come from. They are written against the views of
//! `sql/contract.sql`, which are made for the time of a check and leave nothing behind, and read one snapshot of everything.

mod catalogue;
mod journals;
mod report;

use std::time::Duration;

use anyhow::{Context as _, Result};
use events::subscriptions::{Delivery, subscriptions};
use serde_json::json;
use tokio_postgres::{Client, GenericClient, IsolationLevel};

pub use catalogue::{ALL, Invariant, NOT_HERE};
pub use journals::{ClientOp, Journal, Journals, Mail, Provider, Refund, Transaction};
pub use report::{Finding, Report};

const CONTRACT: &str = include_str!("../../sql/contract.sql");

/// Violations of one invariant that are shown; the rest is counted.
const ROWS_MAX: i64 = 20;

/// Consumers of the sale itself: they count from the first event on. A consumer that the table of subscriptions names and no
/// service has yet cannot be told by rows from one that lost everything, so the others count once they have applied something.
const OF_THE_SALE: [&str; 9] = [
    "inventory.on_order_cancelled",
    "inventory.on_order_restock_requested",
    "notifications.on_invoice_issued",
    "notifications.on_order_paid",
    "orders.on_payment_succeeded",
    "orders.on_refund_processed",
    "payments.on_order_paid",
    "payments.on_order_refund_requested",
    "payments.on_order_unallocated",
];

/// How long things may take before they count as wrong.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Something that two services are still at is not looked at for so long. Nothing, once everything is quiet.
    pub grace: Duration,
    /// For so long a transaction may do nothing.
    pub idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(60),
            idle: Duration::from_secs(30),
        }
    }
}

/// Checks every invariant in one snapshot, as somebody who may read all schemas. Nothing is changed.
///
/// # Errors
/// The database does not answer, or a service's tables are not there.
pub async fn check(client: &mut Client, journals: &Journals, patience: Patience) -> Result<Report> {
    let snapshot = snapshot(client).await?;
    let report = check_within(&snapshot, journals, patience).await?;
    snapshot.rollback().await?;
    Ok(report)
}

/// Checks what must hold at any moment, also while orders, payments and events are under way, and on a copy of the databases as
/// they were at some moment.
///
/// # Errors
/// Those of [`check`].
pub async fn check_in_motion(client: &mut Client) -> Result<Report> {
    let snapshot = snapshot(client).await?;
    let asked = ALL.iter().filter(|invariant| !invariant.is_for_rest());
    let report = look_at(&snapshot, asked, &Journals::default(), Patience::default()).await?;
    snapshot.rollback().await?;
    Ok(report)
}

async fn snapshot(client: &mut Client) -> Result<tokio_postgres::Transaction<'_>> {
    let begun = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .start()
        .await?;
    Ok(begun)
}

/// The same in the caller's transaction, which has to be taken back afterwards.
///
/// # Errors
/// Those of [`check`].
pub async fn check_within(
    client: &impl GenericClient,
    journals: &Journals,
    patience: Patience,
) -> Result<Report> {
    look_at(client, ALL, journals, patience).await
}

async fn look_at(
    client: &impl GenericClient,
    asked: impl IntoIterator<Item = &'static Invariant>,
    journals: &Journals,
    patience: Patience,
) -> Result<Report> {
    prepare(client, patience).await?;
    journals.load(client).await?;
    subscribe(client).await?;
    let mut findings = Vec::with_capacity(ALL.len());
    for invariant in asked {
        let missing = invariant.needs()?.filter(|needed| !journals.has(*needed));
        let finding = match missing {
            Some(journal) => Finding::Skipped(journal),
            None => look(client, invariant).await?,
        };
        findings.push((invariant, finding));
    }
    Ok(Report { findings })
}

async fn prepare(client: &impl GenericClient, patience: Patience) -> Result<()> {
    const LIMITS: &str =
        "SELECT set_config('prove.grace', $1, true), set_config('prove.idle', $2, true),
         set_config('statement_timeout', '10min', true)";
    let seconds = |time: Duration| format!("{} seconds", time.as_secs());
    client
        .query_one(LIMITS, &[&seconds(patience.grace), &seconds(patience.idle)])
        .await?;
    client
        .batch_execute(CONTRACT)
        .await
        .context("the services' tables are not as they should be")
}

/// Writes down who hears what, of those who exist.
async fn subscribe(client: &impl GenericClient) -> Result<()> {
    const SQL: &str = "INSERT INTO subscriptions
         SELECT s.event_type, s.consumer FROM jsonb_to_recordset($1::text::jsonb)
             AS s (event_type text, consumer text, name text, is_sure boolean)
         JOIN services USING (name)
         WHERE s.is_sure OR EXISTS (SELECT FROM inbox_all i WHERE i.consumer = s.consumer)";
    let table: Vec<_> = subscriptions()
        .filter(|one| one.delivery == Delivery::Work)
        .map(|one| {
            let consumer = one.queue();
            let is_sure = OF_THE_SALE.contains(&consumer.as_str());
            json!({ "event_type": one.event_type, "consumer": consumer, "name": one.service, "is_sure": is_sure })
        })
        .collect();
    let table = serde_json::to_string(&table)?;
    client.execute(SQL, &[&table]).await?;
    Ok(())
}

async fn look(client: &impl GenericClient, invariant: &Invariant) -> Result<Finding> {
    // The text is one of the files of `sql/`.
    let found = format!(
        "WITH found AS MATERIALIZED ({}) SELECT (SELECT count(*) FROM found), to_jsonb(found)::text FROM found LIMIT $1",
        invariant.query()
    );
    let rows = client
        .query(&found, &[&ROWS_MAX])
        .await
        .with_context(|| format!("{} cannot be looked at", invariant.id))?;
    let Some(first) = rows.first() else {
        return Ok(Finding::Holds);
    };
    Ok(Finding::Violated {
        count: first.try_get(0)?,
        rows: rows
            .iter()
            .map(|row| row.try_get(1))
            .collect::<Result<_, _>>()?,
    })
}
