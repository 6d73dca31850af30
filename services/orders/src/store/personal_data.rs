//! One person's orders, and their forgetting.

use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::Uuid as SqlUuid;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::rows::OrderRow;
use super::schema::orders::{coupon_uses, orders};
use crate::domain::ids::{OrderId, UserId};
use crate::domain::status::OrderStatus;

/// Everything that a person ordered, oldest first.
pub(crate) async fn orders_of(
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> QueryResult<Vec<OrderRow>> {
    orders::table
        .filter(orders::user_id.eq(user.0))
        .order(orders::id)
        .select(OrderRow::as_select())
        .load(conn)
        .await
}

/// Puts a pseudonym in a person's place, and forgets their words and how to reach them; the latter of orders that are under
/// way only when they end.
pub(crate) async fn pseudonymise(
    conn: &mut AsyncPgConnection,
    user: UserId,
    pseudonym: Uuid,
) -> QueryResult<()> {
    Statement::new("SELECT order_history_forget(?)")
        .bind::<SqlUuid, _>(user.0)
        .execute(conn)
        .await?;
    let mine = || orders::table.filter(orders::user_id.eq(user.0));
    let is_over = orders::status
        .eq_any(OrderStatus::OVER.map(OrderStatus::name))
        .and(orders::settling_payment_id.is_null());
    let none: Option<Vec<u8>> = None;
    diesel::update(mine().filter(is_over))
        .set((
            orders::user_id.eq(pseudonym),
            orders::contact.eq(&none),
            orders::email_index.eq(&none),
            orders::version.eq(orders::version + 1),
        ))
        .execute(conn)
        .await?;
    diesel::update(mine())
        .set((
            orders::user_id.eq(pseudonym),
            orders::is_forgotten.eq(true),
            orders::version.eq(orders::version + 1),
        ))
        .execute(conn)
        .await?;
    diesel::update(coupon_uses::table.filter(coupon_uses::user_id.eq(user.0)))
        .set(coupon_uses::user_id.eq(pseudonym))
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets how to reach an order's buyer.
pub(crate) async fn forget_contact(
    conn: &mut AsyncPgConnection,
    order: OrderId,
) -> QueryResult<()> {
    let none: Option<Vec<u8>> = None;
    diesel::update(orders::table.find(order.0))
        .set((orders::contact.eq(&none), orders::email_index.eq(&none)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Orders of a pseudonym that nobody will pay for, locked until the transaction ends.
pub(crate) async fn lock_unpaid(
    conn: &mut AsyncPgConnection,
    pseudonym: Uuid,
) -> QueryResult<Vec<OrderRow>> {
    orders::table
        .filter(orders::user_id.eq(pseudonym))
        .filter(orders::status.eq(OrderStatus::Pending.name()))
        .filter(orders::settling_payment_id.is_null())
        .order(orders::id)
        .select(OrderRow::as_select())
        .for_no_key_update()
        .load(conn)
        .await
}
