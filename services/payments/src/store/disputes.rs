//! Disputes. Whoever changes what one comes to has its payment's row locked, if it has one, and then its own.

use chrono::{DateTime, Utc};
use common::statement::{Prepare as _, is_among};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::decimal::decimal;
use super::dispute_rows::Row;
use super::schema::payments::disputes;
use crate::domain::dispute::{DisputeOutcome, DisputeStatus, Stand};
use crate::domain::dispute_answer::{AnswerKind, AnswerStep};
use crate::domain::ids::{DisputeId, OrderId, PaymentId, UserId};
use crate::domain::ledger::Account;

/// Something that a buyer's bank wants back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dispute {
    pub(crate) id: DisputeId,
    /// The provider's number for it.
    pub(crate) gateway_id: String,
    /// The provider's name for the transaction.
    pub(crate) reference: String,
    /// None as long as nobody here knows the transaction.
    pub(crate) of: Option<(PaymentId, OrderId)>,
    /// What is wanted back, in hundredths.
    pub(crate) amount_minor: i64,
    /// As the provider names it.
    pub(crate) currency: String,
    pub(crate) category: Option<String>,
    /// What the provider notes about it.
    pub(crate) reason: Option<String>,
    pub(crate) stand: Stand,
    /// In the provider's word.
    pub(crate) resolution: Option<String>,
    /// Until when the shop may answer.
    pub(crate) due_at: DateTime<Utc>,
    /// Who said so.
    pub(crate) due_source: String,
    /// When people are reminded.
    pub(crate) remind_at: Option<DateTime<Utc>>,
    pub(crate) reminded_at: Option<DateTime<Utc>>,
    /// What the provider has taken for it.
    pub(crate) taken: Option<Taken>,
    /// What the shop answers.
    pub(crate) answer: Option<Answer>,
    /// Until when somebody is at answering.
    pub(crate) answering_until: Option<DateTime<Utc>>,
    pub(crate) version: i64,
    pub(crate) opened_at: DateTime<Utc>,
    pub(crate) resolved_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// What the provider has taken for a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// In hundredths.
    pub(crate) minor: i64,
    pub(crate) charged_to: Account,
    /// When it was given back.
    pub(crate) returned_at: Option<DateTime<Utc>>,
}

/// What the shop answers to a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) kind: AnswerKind,
    pub(crate) step: AnswerStep,
    /// SHA-256 of what staff said.
    pub(crate) hash: Vec<u8>,
    /// The provider's name for the file that was sent.
    pub(crate) file: Option<String>,
    pub(crate) by: UserId,
    /// When the provider had it.
    pub(crate) given_at: Option<DateTime<Utc>>,
}

impl Dispute {
    /// What of its payment is with the buyer because of it, in hundredths.
    pub(crate) fn gone_minor(&self) -> i64 {
        let gone = self.taken.filter(|taken| taken.returned_at.is_none());
        gone.map_or(0, |taken| taken.minor)
    }

    /// What it may still take, in hundredths.
    pub(crate) fn held_minor(&self) -> i64 {
        if self.stand.outcome.is_none() {
            self.amount_minor
        } else {
            0
        }
    }
}

fn opened(row: Option<Row>) -> QueryResult<Option<Dispute>> {
    row.map(Row::open).transpose()
}

fn all_opened(rows: Vec<Row>) -> QueryResult<Vec<Dispute>> {
    rows.into_iter().map(Row::open).collect()
}

/// Adds a dispute, unless it is known by the provider's number; answers whether it was added.
pub(crate) async fn insert(conn: &mut AsyncPgConnection, new: &Dispute) -> QueryResult<bool> {
    let inserted = diesel::insert_into(disputes::table)
        .values((
            disputes::id.eq(new.id.0),
            disputes::gateway_id.eq(&new.gateway_id),
            disputes::reference.eq(&new.reference),
            disputes::payment_id.eq(new.of.map(|(payment, _)| payment.0)),
            disputes::order_id.eq(new.of.map(|(_, order)| order.0)),
            disputes::amount.eq(decimal(new.amount_minor)?),
            disputes::currency.eq(&new.currency),
            disputes::category.eq(new.category.as_deref()),
            disputes::reason.eq(new.reason.as_deref()),
            disputes::status.eq(new.stand.status.name()),
            disputes::due_at.eq(new.due_at),
            disputes::due_source.eq(&new.due_source),
            disputes::remind_at.eq(new.remind_at),
            disputes::version.eq(new.version),
            disputes::opened_at.eq(new.opened_at),
            disputes::created_at.eq(new.created_at),
            disputes::updated_at.eq(new.updated_at),
        ))
        .on_conflict_do_nothing()
        .prepared()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

/// Writes what may change of a locked dispute.
pub(crate) async fn save(conn: &mut AsyncPgConnection, changed: &Dispute) -> QueryResult<()> {
    let (taken, answer) = (changed.taken, changed.answer.as_ref());
    let amount = taken.map(|taken| decimal(taken.minor)).transpose()?;
    diesel::update(disputes::table.find(changed.id.0))
        .set((
            disputes::payment_id.eq(changed.of.map(|(payment, _)| payment.0)),
            disputes::order_id.eq(changed.of.map(|(_, order)| order.0)),
            disputes::amount.eq(decimal(changed.amount_minor)?),
            disputes::category.eq(changed.category.as_deref()),
            disputes::reason.eq(changed.reason.as_deref()),
            disputes::status.eq(changed.stand.status.name()),
            disputes::outcome.eq(changed.stand.outcome.map(DisputeOutcome::name)),
            disputes::resolution.eq(changed.resolution.as_deref()),
            disputes::due_at.eq(changed.due_at),
            disputes::due_source.eq(&changed.due_source),
            disputes::remind_at.eq(changed.remind_at),
            disputes::reminded_at.eq(changed.reminded_at),
            disputes::taken.eq(amount),
            disputes::charged_to.eq(taken.map(|taken| taken.charged_to.name())),
            disputes::returned_at.eq(taken.and_then(|taken| taken.returned_at)),
            disputes::answer.eq(answer.map(|answer| answer.kind.name())),
            disputes::answer_step.eq(answer.map(|answer| answer.step.name())),
            disputes::answer_hash.eq(answer.map(|answer| &answer.hash)),
            disputes::answer_file.eq(answer.and_then(|answer| answer.file.as_deref())),
            disputes::answered_by.eq(answer.map(|answer| answer.by.0)),
            disputes::answered_at.eq(answer.and_then(|answer| answer.given_at)),
            disputes::answering_until.eq(changed.answering_until),
            disputes::version.eq(changed.version),
            disputes::resolved_at.eq(changed.resolved_at),
            disputes::updated_at.eq(changed.updated_at),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes how far the shop's answer has come at the provider.
pub(crate) async fn note_step(
    conn: &mut AsyncPgConnection,
    id: DisputeId,
    step: AnswerStep,
    file: Option<&str>,
) -> QueryResult<()> {
    diesel::update(disputes::table.find(id.0))
        .set((
            disputes::answer_step.eq(step.name()),
            disputes::answer_file.eq(file),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes that nobody is at answering any more.
pub(crate) async fn end_answering(conn: &mut AsyncPgConnection, id: DisputeId) -> QueryResult<()> {
    diesel::update(disputes::table.find(id.0))
        .set(disputes::answering_until.eq(None::<DateTime<Utc>>))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// A dispute.
pub(crate) async fn find(
    conn: &mut AsyncPgConnection,
    id: DisputeId,
) -> QueryResult<Option<Dispute>> {
    let found = disputes::table.find(id.0).select(Row::as_select());
    opened(found.first(conn).await.optional()?)
}

/// A dispute, locked until the transaction ends.
pub(crate) async fn lock(
    conn: &mut AsyncPgConnection,
    id: DisputeId,
) -> QueryResult<Option<Dispute>> {
    let found = disputes::table
        .find(id.0)
        .select(Row::as_select())
        .for_no_key_update();
    opened(found.first(conn).await.optional()?)
}

/// A dispute by the provider's number.
pub(crate) async fn find_by_gateway_id(
    conn: &mut AsyncPgConnection,
    gateway_id: &str,
) -> QueryResult<Option<Dispute>> {
    let found = disputes::table
        .filter(disputes::gateway_id.eq(gateway_id))
        .select(Row::as_select());
    opened(found.first(conn).await.optional()?)
}

/// A dispute by the provider's number, locked until the transaction ends.
pub(crate) async fn lock_by_gateway_id(
    conn: &mut AsyncPgConnection,
    gateway_id: &str,
) -> QueryResult<Option<Dispute>> {
    let found = disputes::table
        .filter(disputes::gateway_id.eq(gateway_id))
        .select(Row::as_select())
        .for_no_key_update();
    opened(found.first(conn).await.optional()?)
}

/// Those of these that are known, by the provider's numbers.
pub(crate) async fn known_among(
    conn: &mut AsyncPgConnection,
    gateway_ids: &[&str],
) -> QueryResult<Vec<Dispute>> {
    let rows = disputes::table
        .filter(disputes::gateway_id.eq_any(gateway_ids))
        .select(Row::as_select())
        .load(conn)
        .await?;
    all_opened(rows)
}

/// The provider's numbers of those that have not ended, oldest first.
pub(crate) async fn open_gateway_ids(
    conn: &mut AsyncPgConnection,
    limit: i64,
) -> QueryResult<Vec<String>> {
    disputes::table
        .filter(disputes::outcome.is_null())
        .order(disputes::id)
        .limit(limit)
        .select(disputes::gateway_id)
        .load(conn)
        .await
}

/// Disputes that people are to be reminded of by then.
pub(crate) async fn due_reminders(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<DisputeId>> {
    let due: Vec<Uuid> = disputes::table
        .filter(disputes::remind_at.le(now))
        .order(disputes::remind_at)
        .limit(limit)
        .select(disputes::id)
        .load(conn)
        .await?;
    Ok(due.into_iter().map(DisputeId).collect())
}

/// Everything that was or is wanted back of a payment, oldest first.
pub(crate) async fn of_payment(
    conn: &mut AsyncPgConnection,
    payment: PaymentId,
) -> QueryResult<Vec<Dispute>> {
    of_payments(conn, vec![payment]).await
}

/// Everything that was or is wanted back of some payments, oldest first.
pub(crate) async fn of_payments(
    conn: &mut AsyncPgConnection,
    payments: Vec<PaymentId>,
) -> QueryResult<Vec<Dispute>> {
    let rows = disputes::table
        .filter(is_among(
            disputes::payment_id,
            payments.into_iter().map(|id| id.0),
        ))
        .order(disputes::id)
        .select(Row::as_select())
        .load(conn)
        .await?;
    all_opened(rows)
}

/// Lets what was charged to suspense and not given back be the order's, because it keeps the payment.
pub(crate) async fn charge_to_chargebacks(
    conn: &mut AsyncPgConnection,
    payment: PaymentId,
) -> QueryResult<()> {
    diesel::update(disputes::table.filter(disputes::payment_id.eq(payment.0)))
        .filter(disputes::taken.is_not_null())
        .filter(disputes::returned_at.is_null())
        .set(disputes::charged_to.eq(Account::Chargebacks.name()))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Some disputes, newest first: of one status, and older than one of them.
pub(crate) async fn list(
    conn: &mut AsyncPgConnection,
    status: Option<DisputeStatus>,
    before: Option<DisputeId>,
    limit: i64,
) -> QueryResult<Vec<Dispute>> {
    let mut query = disputes::table.into_boxed();
    if let Some(status) = status {
        query = query.filter(disputes::status.eq(status.name()));
    }
    if let Some(before) = before {
        query = query.filter(disputes::id.lt(before.0));
    }
    let rows = query
        .order(disputes::id.desc())
        .limit(limit)
        .select(Row::as_select())
        .load(conn)
        .await?;
    all_opened(rows)
}
