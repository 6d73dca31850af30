//! What buyers and addresses hold.

use std::collections::HashMap;

use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::domain::ids::UserId;
use crate::domain::shelf::Held;

#[derive(QueryableByName)]
struct HeldByUser {
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
    #[diesel(sql_type = BigInt)]
    orders: i64,
    #[diesel(sql_type = BigInt)]
    units: i64,
    #[diesel(sql_type = BigInt)]
    seconds: i64,
}

/// What these buyers hold with orders whose time is not over.
pub(crate) async fn held_by_users(
    conn: &mut AsyncPgConnection,
    users: &[UserId],
) -> QueryResult<HashMap<UserId, Held>> {
    const SQL: &str =
        "SELECT r.user_id, count(DISTINCT r.order_id) AS orders, sum(l.quantity)::bigint AS units,
             ceil(extract(epoch FROM min(r.expires_at) - clock_timestamp()))::bigint AS seconds
         FROM reservations r JOIN reservation_lines l USING (order_id)
         WHERE r.user_id = ANY(?) AND r.state = 'active' AND r.expires_at > clock_timestamp()
         GROUP BY r.user_id";
    let users: Vec<Uuid> = users.iter().map(|user| user.0).collect();
    let rows: Vec<HeldByUser> = Statement::new(SQL)
        .bind::<Array<SqlUuid>, _>(users)
        .load(conn)
        .await?;
    let held = rows.into_iter().map(|row| {
        let held = Held {
            orders: row.orders,
            units: row.units,
            seconds: row.seconds,
        };
        (UserId(row.user_id), held)
    });
    Ok(held.collect())
}

#[derive(QueryableByName)]
struct HeldByAddress {
    #[diesel(sql_type = Text)]
    address_hash: String,
    #[diesel(sql_type = BigInt)]
    orders: i64,
    #[diesel(sql_type = BigInt)]
    seconds: i64,
}

/// What is held for these addresses by orders whose time is not over.
pub(crate) async fn held_by_addresses(
    conn: &mut AsyncPgConnection,
    addresses: Vec<String>,
) -> QueryResult<HashMap<String, Held>> {
    const SQL: &str = "SELECT address_hash, count(*) AS orders,
             ceil(extract(epoch FROM min(expires_at) - clock_timestamp()))::bigint AS seconds
         FROM reservations
         WHERE address_hash = ANY(?) AND state = 'active' AND expires_at > clock_timestamp()
         GROUP BY address_hash";
    let rows: Vec<HeldByAddress> = Statement::new(SQL)
        .bind::<Array<Text>, _>(addresses)
        .load(conn)
        .await?;
    let held = rows.into_iter().map(|row| {
        let held = Held {
            orders: row.orders,
            units: 0,
            seconds: row.seconds,
        };
        (row.address_hash, held)
    });
    Ok(held.collect())
}
