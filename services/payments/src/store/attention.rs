//! What a person has to look at.

use chrono::{DateTime, Utc};
use common::statement::Prepare as _;
use diesel::dsl::count_star;
use diesel::prelude::*;
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
    /// A payment, a refund or a webhook event.
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
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(opened == 1)
}

/// What open items are about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Of {
    /// A payment, or anything of it.
    Payment(PaymentId),
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
