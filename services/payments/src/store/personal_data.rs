//! Everything the service holds about one person: to be handed out, or to be forgotten.

use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::Uuid as SqlUuid;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::payments::Payment;
use super::rows::PaymentRow;
use super::schema::payments::payments;
use crate::domain::ids::UserId;

/// What a person paid or tried to pay, newest first.
pub(crate) async fn payments_of(
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> QueryResult<Vec<Payment>> {
    let rows: Vec<PaymentRow> = payments::table
        .filter(payments::user_id.eq(user.0))
        .order(payments::id.desc())
        .select(PaymentRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter().map(PaymentRow::open).collect()
}

/// Forgets who paid, and what the provider told about them. The books name nobody, and stay.
pub(crate) async fn erase(conn: &mut AsyncPgConnection, user: UserId) -> QueryResult<()> {
    const BODIES: &str = "UPDATE webhook_events e SET body_ct = NULL FROM payments p
         WHERE p.user_id = ? AND e.reference = p.reference AND e.body_ct IS NOT NULL";
    const DISPUTES: &str = "UPDATE disputes d SET reason = NULL FROM payments p
         WHERE p.user_id = ? AND d.payment_id = p.id AND d.reason IS NOT NULL";
    const PAYMENTS: &str = "WITH theirs AS (
             SELECT id FROM payments WHERE user_id = ? ORDER BY id FOR NO KEY UPDATE
         )
         UPDATE payments p SET user_id = NULL FROM theirs WHERE p.id = theirs.id";
    for sql in [BODIES, DISPUTES, PAYMENTS] {
        Statement::new(sql)
            .bind::<SqlUuid, _>(user.0)
            .execute(conn)
            .await?;
    }
    Ok(())
}
