//! Where the two sides do not agree, and what became of that.

use chrono::{DateTime, Utc};
use common::statement::{Prepare as _, Statement};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::ids::{MismatchId, OrderId, PaymentId, RefundId, RunId, UserId};
use crate::domain::reconciliation::class::Remedy;
use crate::store::schema::payments::{attention_items, reconciliation_mismatches as mismatches};

/// The kind of what people are asked about it.
const ATTENTION: &str = "reconciliation";

/// A mismatch that is about to be noted.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct NewMismatch {
    pub(crate) id: Uuid,
    pub(crate) class: &'static str,
    /// The payment's or refund's id, else the provider's number.
    pub(crate) subject: String,
    pub(crate) payment_id: Option<Uuid>,
    pub(crate) order_id: Option<Uuid>,
    pub(crate) refund_id: Option<Uuid>,
    pub(crate) reference: Option<String>,
    pub(crate) gateway_id: Option<String>,
    /// Ids, amounts and states; nothing about a person, and nothing that differs from one look to the next.
    pub(crate) ours: Option<Value>,
    pub(crate) theirs: Option<Value>,
    pub(crate) remedy: &'static str,
}

/// A mismatch that is about to be repaired.
#[derive(Debug, Clone)]
pub(crate) struct ToRepair {
    pub(crate) id: MismatchId,
    pub(crate) class: String,
    pub(crate) remedy: Remedy,
    pub(crate) payment: Option<PaymentId>,
    pub(crate) gateway_id: Option<String>,
}

/// A mismatch, as people see it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = mismatches)]
pub(crate) struct Mismatch {
    pub(crate) id: Uuid,
    pub(crate) run_id: Uuid,
    pub(crate) class: String,
    pub(crate) payment_id: Option<Uuid>,
    pub(crate) order_id: Option<Uuid>,
    pub(crate) refund_id: Option<Uuid>,
    pub(crate) reference: Option<String>,
    pub(crate) gateway_id: Option<String>,
    pub(crate) ours: Option<Value>,
    pub(crate) theirs: Option<Value>,
    pub(crate) remedy: String,
    pub(crate) state: String,
    pub(crate) last_error: Option<String>,
    pub(crate) found_at: DateTime<Utc>,
    pub(crate) repaired_at: Option<DateTime<Utc>>,
    pub(crate) resolved_at: Option<DateTime<Utc>>,
    pub(crate) resolved_by: Option<Uuid>,
    pub(crate) outcome: Option<String>,
    pub(crate) note: Option<String>,
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

fn ids(rows: Vec<Named>) -> Vec<Uuid> {
    rows.into_iter().map(|row| row.id).collect()
}

/// Notes mismatches of a run, each once; answers those that people have to look at and had not been told of. What people have
/// resolved before with the very same facts stays resolved.
pub(crate) async fn insert(
    conn: &mut AsyncPgConnection,
    run: RunId,
    new: &[NewMismatch],
    now: DateTime<Utc>,
) -> QueryResult<Vec<Uuid>> {
    const SQL: &str = "INSERT INTO reconciliation_mismatches (id, run_id, class, subject, payment_id, order_id, refund_id,
             reference, gateway_id, ours, theirs, remedy, state, found_at, resolved_at, resolved_by, outcome, note)
         SELECT n.id, ?, n.class, n.subject, n.payment_id, n.order_id, n.refund_id, n.reference, n.gateway_id,
             nullif(n.ours, 'null'), nullif(n.theirs, 'null'), n.remedy,
             CASE WHEN b.id IS NOT NULL THEN 'resolved' WHEN n.remedy = 'people' THEN 'open' ELSE 'found' END,
             ?, b.resolved_at, b.resolved_by, b.outcome, b.note
         FROM jsonb_to_recordset(?) AS n (id uuid, class text, subject text, payment_id uuid, order_id uuid, refund_id uuid,
             reference text, gateway_id text, ours jsonb, theirs jsonb, remedy text)
         LEFT JOIN LATERAL (SELECT b.* FROM reconciliation_mismatches b
             WHERE b.class = n.class AND b.subject = n.subject AND b.state = 'resolved' AND n.remedy = 'people'
                 AND b.ours IS NOT DISTINCT FROM nullif(n.ours, 'null')
                 AND b.theirs IS NOT DISTINCT FROM nullif(n.theirs, 'null')
             ORDER BY b.resolved_at DESC LIMIT 1) b ON true
         ON CONFLICT (run_id, class, subject) DO NOTHING RETURNING id, state";
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let rows = serde_json::to_value(new)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    let inserted: Vec<Inserted> = Statement::new(SQL)
        .bind::<SqlUuid, _>(run.0)
        .bind::<Timestamptz, _>(now)
        .bind::<Jsonb, _>(rows)
        .load(conn)
        .await?;
    let open = inserted.into_iter().filter(|row| row.state == "open");
    Ok(open.map(|row| row.id).collect())
}

#[derive(QueryableByName)]
struct Inserted {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    state: String,
}

/// Takes back what earlier runs asked people about and these have found again, so that nobody is asked twice.
pub(crate) async fn supersede(
    conn: &mut AsyncPgConnection,
    again: &[Uuid],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    const SQL: &str = "UPDATE reconciliation_mismatches m SET state = 'superseded'
         FROM (SELECT run_id, class, subject FROM reconciliation_mismatches WHERE id = ANY(?)) n
         WHERE m.class = n.class AND m.subject = n.subject AND m.state = 'open'
             AND m.run_id <> n.run_id RETURNING m.id";
    if again.is_empty() {
        return Ok(());
    }
    let rows: Vec<Named> = Statement::new(SQL)
        .bind::<Array<SqlUuid>, _>(again.to_vec())
        .load(conn)
        .await?;
    close_attention(conn, ids(rows), "found again", now).await
}

async fn close_attention(
    conn: &mut AsyncPgConnection,
    of: Vec<Uuid>,
    outcome: &'static str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let open = attention_items::table
        .filter(attention_items::kind.eq(ATTENTION))
        .filter(attention_items::subject_id.eq_any(of))
        .filter(attention_items::closed_at.is_null());
    diesel::update(open)
        .set((
            attention_items::closed_at.eq(now),
            attention_items::outcome.eq(outcome),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// The next mismatch of a run that is to be repaired.
pub(crate) async fn next_to_repair(
    conn: &mut AsyncPgConnection,
    run: RunId,
) -> QueryResult<Option<ToRepair>> {
    let row: Option<Mismatch> = mismatches::table
        .filter(mismatches::run_id.eq(run.0))
        .filter(mismatches::state.eq("found"))
        .order(mismatches::id)
        .select(Mismatch::as_select())
        .first(conn)
        .await
        .optional()?;
    let open = |row: Mismatch| {
        let remedy: Remedy = row.remedy.parse().map_err(super::ours::unreadable)?;
        Ok(ToRepair {
            id: MismatchId(row.id),
            class: row.class,
            remedy,
            payment: row.payment_id.map(PaymentId),
            gateway_id: row.gateway_id,
        })
    };
    row.map(open).transpose()
}

/// Notes that a mismatch is put right, if it was to be.
pub(crate) async fn note_repaired(
    conn: &mut AsyncPgConnection,
    id: MismatchId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(mismatches::table.find(id.0))
        .filter(mismatches::state.eq("found"))
        .set((
            mismatches::state.eq("repaired"),
            mismatches::repaired_at.eq(now),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes that a mismatch could not be put right, and why; answers whether that is news.
pub(crate) async fn note_unrepaired(
    conn: &mut AsyncPgConnection,
    id: MismatchId,
    cause: &str,
) -> QueryResult<bool> {
    let changed = diesel::update(mismatches::table.find(id.0))
        .filter(mismatches::state.eq("found"))
        .set((
            mismatches::state.eq("open"),
            mismatches::last_error.eq(cause),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(changed == 1)
}

/// A mismatch of a run, locked until the transaction ends.
pub(crate) async fn lock(
    conn: &mut AsyncPgConnection,
    run: RunId,
    id: MismatchId,
) -> QueryResult<Option<Mismatch>> {
    mismatches::table
        .find(id.0)
        .filter(mismatches::run_id.eq(run.0))
        .select(Mismatch::as_select())
        .for_no_key_update()
        .first(conn)
        .await
        .optional()
}

/// How people resolved a mismatch.
#[derive(Debug, Clone)]
pub(crate) struct Resolution {
    pub(crate) by: UserId,
    pub(crate) outcome: &'static str,
    pub(crate) note: String,
}

/// Notes how people resolved an open mismatch, and asks nobody any more.
pub(crate) async fn resolve(
    conn: &mut AsyncPgConnection,
    id: MismatchId,
    resolution: &Resolution,
    now: DateTime<Utc>,
) -> QueryResult<Mismatch> {
    let row = diesel::update(mismatches::table.find(id.0))
        .set((
            mismatches::state.eq("resolved"),
            mismatches::resolved_at.eq(now),
            mismatches::resolved_by.eq(resolution.by.0),
            mismatches::outcome.eq(resolution.outcome),
            mismatches::note.eq(&resolution.note),
        ))
        .returning(Mismatch::as_returning())
        .prepared()
        .get_result(conn)
        .await?;
    close_attention(conn, vec![id.0], resolution.outcome, now).await?;
    Ok(row)
}

/// Some mismatches of a run in the order of finding, after one of them.
pub(crate) async fn after(
    conn: &mut AsyncPgConnection,
    run: RunId,
    last: Option<Uuid>,
    limit: i64,
) -> QueryResult<Vec<Mismatch>> {
    mismatches::table
        .filter(mismatches::run_id.eq(run.0))
        .filter(mismatches::id.gt(last.unwrap_or(Uuid::nil())))
        .order(mismatches::id)
        .limit(limit)
        .select(Mismatch::as_select())
        .load(conn)
        .await
}

#[derive(QueryableByName)]
struct OpenRow {
    #[diesel(sql_type = Text)]
    class: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many are open of each class, whatever their run.
pub(crate) async fn count_open(conn: &mut AsyncPgConnection) -> QueryResult<Vec<(String, i64)>> {
    const SQL: &str = "SELECT class, count(*) AS count FROM reconciliation_mismatches
         WHERE state IN ('found', 'open') GROUP BY class";
    let rows: Vec<OpenRow> = Statement::new(SQL).load(conn).await?;
    Ok(rows.into_iter().map(|row| (row.class, row.count)).collect())
}

impl NewMismatch {
    /// The payment's and the order's id.
    pub(crate) fn of_payment(mut self, payment: PaymentId, order: OrderId) -> Self {
        self.payment_id = Some(payment.0);
        self.order_id = Some(order.0);
        self
    }

    /// The refund's id.
    pub(crate) fn of_refund(mut self, refund: RefundId) -> Self {
        self.refund_id = Some(refund.0);
        self
    }
}
