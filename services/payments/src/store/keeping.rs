//! Payments that orders keep.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use common::statement::{Prepare as _, is_among};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::payments::Payment;
use super::rows::PaymentRow;
use super::schema::payments::payments;
use crate::domain::ids::{OrderId, PaymentId};

/// Some payments, locked until the transaction ends, in the order of their ids.
pub(crate) async fn lock_all(
    conn: &mut AsyncPgConnection,
    ids: Vec<PaymentId>,
) -> QueryResult<Vec<Payment>> {
    let rows: Vec<PaymentRow> = payments::table
        .filter(is_among(payments::id, ids.into_iter().map(|id| id.0)))
        .order(payments::id)
        .select(PaymentRow::as_select())
        .for_no_key_update()
        .load(conn)
        .await?;
    rows.into_iter().map(PaymentRow::open).collect()
}

/// Which of their payments these orders keep.
pub(crate) async fn kept_of(
    conn: &mut AsyncPgConnection,
    orders: Vec<OrderId>,
) -> QueryResult<HashMap<OrderId, PaymentId>> {
    let kept: Vec<(Uuid, Uuid)> = payments::table
        .filter(is_among(
            payments::order_id,
            orders.into_iter().map(|id| id.0),
        ))
        .filter(payments::kept)
        .select((payments::order_id, payments::id))
        .load(conn)
        .await?;
    let kept = kept.into_iter();
    Ok(kept
        .map(|(order, id)| (OrderId(order), PaymentId(id)))
        .collect())
}

/// Notes that their orders keep them.
pub(crate) async fn keep(conn: &mut AsyncPgConnection, ids: Vec<PaymentId>) -> QueryResult<()> {
    let kept = is_among(payments::id, ids.into_iter().map(|id| id.0));
    diesel::update(payments::table.filter(kept))
        .set((
            payments::kept.eq(true),
            payments::hold_reason.eq(None::<&str>),
            payments::claim_due_at.eq(None::<DateTime<Utc>>),
            payments::refund_due_at.eq(None::<DateTime<Utc>>),
            payments::version.eq(payments::version + 1),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}
