//! What a person has to look at.

use chrono::{DateTime, Utc};
use common::statement::{Prepare as _, Statement, is_among};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::schema::payments::attention_items;
use crate::domain::ids::PaymentId;

/// Something that a person has to look at.
#[derive(Debug)]
pub(crate) struct NewItem {
    pub(crate) id: Uuid,
    pub(crate) kind: &'static str,
    /// A payment, a refund, a webhook event, a settlement or what was booked about one.
    pub(crate) subject: Uuid,
    pub(crate) payment: Option<PaymentId>,
    /// Ids, amounts, states; nothing about a person.
    pub(crate) facts: Value,
    pub(crate) again: Again,
    pub(crate) now: DateTime<Utc>,
}

/// What becomes of something that was put before people before, and has come to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// It was looked at, and stays so.
    StaysClosed,
    /// It has happened once more.
    Opens,
}

/// Puts something before people, once for as long as it is open; answers whether it is news.
pub(crate) async fn open(conn: &mut AsyncPgConnection, item: &NewItem) -> QueryResult<bool> {
    let inserted = diesel::insert_into(attention_items::table)
        .values((
            attention_items::id.eq(item.id),
            attention_items::kind.eq(item.kind),
            attention_items::subject_id.eq(item.subject),
            attention_items::payment_id.eq(item.payment.map(|payment| payment.0)),
            attention_items::facts.eq(&item.facts),
            attention_items::opened_at.eq(item.now),
        ))
        .on_conflict_do_nothing()
        .prepared()
        .execute(conn)
        .await?;
    match item.again {
        Again::Opens if inserted == 0 => reopen(conn, item).await,
        Again::Opens | Again::StaysClosed => Ok(inserted == 1),
    }
}

async fn reopen(conn: &mut AsyncPgConnection, item: &NewItem) -> QueryResult<bool> {
    let closed = attention_items::table
        .filter(attention_items::kind.eq(item.kind))
        .filter(attention_items::subject_id.eq(item.subject))
        .filter(attention_items::closed_at.is_not_null());
    let opened = diesel::update(closed)
        .set((
            attention_items::facts.eq(&item.facts),
            attention_items::opened_at.eq(item.now),
            attention_items::closed_at.eq(None::<DateTime<Utc>>),
            attention_items::outcome.eq(None::<&str>),
            attention_items::note.eq(None::<&str>),
            attention_items::closed_by.eq(None::<Uuid>),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(opened == 1)
}

/// What open items are about.
#[derive(Debug, Clone)]
pub(crate) enum Of {
    /// A payment, or anything of it.
    Payment(PaymentId),
    /// Any of these payments.
    Payments(Vec<PaymentId>),
    /// Exactly this.
    Subject(Uuid),
}

/// Takes what is open of some kinds away again, because it has come to an end.
pub(crate) async fn close(
    conn: &mut AsyncPgConnection,
    of: Of,
    kinds: Vec<&'static str>,
    outcome: &'static str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let open = attention_items::table
        .filter(attention_items::closed_at.is_null())
        .filter(attention_items::kind.eq_any(kinds));
    let closed = (
        attention_items::closed_at.eq(now),
        attention_items::outcome.eq(outcome),
    );
    match of {
        Of::Payment(payment) => {
            let of_payment = open.filter(attention_items::payment_id.eq(payment.0));
            diesel::update(of_payment)
                .set(closed)
                .prepared()
                .execute(conn)
                .await?
        }
        Of::Payments(payments) => {
            let ids = payments.into_iter().map(|payment| payment.0);
            let of_payments =
                open.filter(is_among(attention_items::payment_id.assume_not_null(), ids));
            diesel::update(of_payments)
                .set(closed)
                .prepared()
                .execute(conn)
                .await?
        }
        Of::Subject(subject) => {
            let of_subject = open.filter(attention_items::subject_id.eq(subject));
            diesel::update(of_subject)
                .set(closed)
                .prepared()
                .execute(conn)
                .await?
        }
    };
    Ok(())
}

/// How much is open of each kind.
pub(crate) async fn count_open(conn: &mut AsyncPgConnection) -> QueryResult<Vec<(String, i64)>> {
    attention_items::table
        .filter(attention_items::closed_at.is_null())
        .group_by(attention_items::kind)
        .select((attention_items::kind, count_star()))
        .load(conn)
        .await
}

/// Something that a person has to look at, or had to.
#[derive(Debug, Clone, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = attention_items)]
pub(crate) struct ItemRow {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) subject_id: Uuid,
    pub(crate) payment_id: Option<Uuid>,
    pub(crate) facts: Value,
    pub(crate) opened_at: DateTime<Utc>,
    pub(crate) closed_at: Option<DateTime<Utc>>,
    pub(crate) outcome: Option<String>,
    pub(crate) note: Option<String>,
    /// None if it has come to an end by itself.
    pub(crate) closed_by: Option<Uuid>,
}

/// Which items to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct ItemFilter {
    pub(crate) kind: Option<String>,
    pub(crate) state: Option<ItemState>,
    /// After this place in the list: when that one was opened, and its id.
    pub(crate) after: Option<(DateTime<Utc>, Uuid)>,
}

/// Whether somebody still has to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ItemState {
    /// Yes.
    Open,
    /// Not any more.
    Closed,
}

/// Some items, newest first.
pub(crate) async fn list(
    conn: &mut AsyncPgConnection,
    filter: &ItemFilter,
    limit: i64,
) -> QueryResult<Vec<ItemRow>> {
    const SQL: &str =
        "SELECT id, kind, subject_id, payment_id, facts, opened_at, closed_at, outcome, note, closed_by
         FROM attention_items WHERE true";
    let mut statement = Statement::new(SQL);
    if let Some(kind) = &filter.kind {
        statement = statement.say(" AND kind = ?").bind::<Text, _>(kind.clone());
    }
    if let Some(state) = filter.state {
        statement = statement.say(match state {
            ItemState::Open => " AND closed_at IS NULL",
            ItemState::Closed => " AND closed_at IS NOT NULL",
        });
    }
    if let Some((opened_at, id)) = filter.after {
        statement = statement
            .say(" AND (opened_at, id) < (?, ?)")
            .bind::<Timestamptz, _>(opened_at)
            .bind::<SqlUuid, _>(id);
    }
    statement
        .say(" ORDER BY opened_at DESC, id DESC LIMIT ?")
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await
}

/// One item.
pub(crate) async fn find(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<ItemRow>> {
    attention_items::table
        .find(id)
        .select(ItemRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// What somebody says when they close an item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closing<'a> {
    pub(crate) outcome: &'a str,
    pub(crate) note: &'a str,
    pub(crate) by: Uuid,
    pub(crate) now: DateTime<Utc>,
}

/// Notes that somebody has looked; none if the item is closed already, or was never there.
pub(crate) async fn close_by_hand(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    closing: Closing<'_>,
) -> QueryResult<Option<ItemRow>> {
    diesel::update(attention_items::table.find(id))
        .filter(attention_items::closed_at.is_null())
        .set((
            attention_items::closed_at.eq(closing.now),
            attention_items::outcome.eq(closing.outcome),
            attention_items::note.eq(closing.note),
            attention_items::closed_by.eq(closing.by),
        ))
        .returning(ItemRow::as_returning())
        .prepared()
        .get_result(conn)
        .await
        .optional()
}
