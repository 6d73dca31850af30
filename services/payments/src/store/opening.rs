//! From an attempt to an address at which it can be paid.

use chrono::{DateTime, Utc};
use common::statement::Prepare as _;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::payments::{Address, Payment};
use super::rows::PaymentRow;
use super::schema::payments::payments;
use crate::domain::ids::PaymentId;

/// Notes that somebody is at opening it, and that the provider may know it from now on.
pub(crate) async fn begin_opening(
    conn: &mut AsyncPgConnection,
    id: PaymentId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> QueryResult<Payment> {
    let row: PaymentRow = diesel::update(payments::table.find(id.0))
        .set((
            payments::asked_at.eq(Some(now)),
            payments::opening_until.eq(Some(until)),
        ))
        .returning(PaymentRow::as_returning())
        .prepared()
        .get_result(conn)
        .await?;
    row.open()
}

/// Notes that nobody is at opening it any more.
pub(crate) async fn end_opening(conn: &mut AsyncPgConnection, id: PaymentId) -> QueryResult<()> {
    diesel::update(payments::table.find(id.0))
        .set(payments::opening_until.eq(None::<DateTime<Utc>>))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes where it is paid.
pub(crate) async fn note_address(
    conn: &mut AsyncPgConnection,
    id: PaymentId,
    address: &Address,
) -> QueryResult<Payment> {
    let row: PaymentRow = diesel::update(payments::table.find(id.0))
        .set((
            payments::authorization_url.eq(&address.authorization_url),
            payments::access_code.eq(&address.access_code),
            payments::opening_until.eq(None::<DateTime<Utc>>),
            payments::version.eq(payments::version + 1),
        ))
        .returning(PaymentRow::as_returning())
        .prepared()
        .get_result(conn)
        .await?;
    row.open()
}

/// Lets another attempt take its place.
pub(crate) async fn supersede(conn: &mut AsyncPgConnection, id: PaymentId) -> QueryResult<()> {
    diesel::update(payments::table.find(id.0))
        .set((
            payments::is_superseded.eq(true),
            payments::opening_until.eq(None::<DateTime<Utc>>),
            payments::version.eq(payments::version + 1),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}
