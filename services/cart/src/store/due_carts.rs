//! Carts whose time has come, by the database's clock.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use common::statement::Prepare as _;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use money::{Currency, Money};
use uuid::Uuid;

use super::rows::{self, unreadable};

/// Carts that one statement takes: some ten milliseconds.
const BATCH: i64 = 500;

/// Removes some carts that have expired, and answers how many. One that is being changed is left: it lives on.
pub(crate) async fn remove_expired(conn: &mut AsyncPgConnection) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM cart.carts WHERE id = ANY (ARRAY( \
             SELECT id FROM cart.carts WHERE expires_at <= now() \
             ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED))",
    )
    .bind::<BigInt, _>(BATCH)
    .prepared()
    .execute(conn)
    .await
}

/// A cart that its owner left.
#[derive(Debug, Clone)]
pub(crate) struct LeftCart {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) version: i64,
    pub(crate) item_count: i32,
    /// By the prices last seen.
    pub(crate) subtotal: Money,
    pub(crate) updated_at: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct LeftRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Integer)]
    item_count: i32,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = Numeric)]
    subtotal: BigDecimal,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

/// Locks some carts that nobody has changed for `after_secs` and that were not said to be abandoned since, the longest
/// untouched first, and marks them.
pub(crate) async fn mark_abandoned(
    conn: &mut AsyncPgConnection,
    after_secs: i64,
) -> QueryResult<Vec<LeftCart>> {
    #[derive(QueryableByName)]
    struct Due {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let due: Vec<Due> = diesel::sql_query(
        "SELECT id FROM cart.carts \
         WHERE user_id IS NOT NULL AND abandoned_at IS NULL AND item_count > 0 \
             AND updated_at <= now() - $1 * interval '1 second' AND expires_at > now() \
         ORDER BY updated_at LIMIT $2 FOR UPDATE SKIP LOCKED",
    )
    .bind::<BigInt, _>(after_secs)
    .bind::<BigInt, _>(BATCH)
    .prepared()
    .load(conn)
    .await?;
    let ids: Vec<Uuid> = due.into_iter().map(|row| row.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    // A statement of its own, which sees the lines as they are under the lock.
    let left: Vec<LeftRow> = diesel::sql_query(
        "UPDATE cart.carts c SET abandoned_at = now() \
         FROM (SELECT cart_id, sum(unit_price * quantity) AS subtotal FROM cart.cart_items \
               WHERE cart_id = ANY($1) GROUP BY cart_id) sums \
         WHERE c.id = sums.cart_id \
         RETURNING c.id, c.user_id, c.version, c.item_count, c.currency::text, sums.subtotal, c.updated_at",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .prepared()
    .load(conn)
    .await?;
    left.into_iter().map(LeftRow::cart).collect()
}

impl LeftRow {
    fn cart(self) -> QueryResult<LeftCart> {
        let currency: Option<Currency> = rows::currency(Some(&self.currency))?;
        let currency = currency.ok_or_else(|| unreadable("a filled cart without a currency"))?;
        Ok(LeftCart {
            id: self.id,
            user_id: self.user_id,
            version: self.version,
            item_count: self.item_count,
            subtotal: Money::from_decimal(&self.subtotal, currency).map_err(unreadable)?,
            updated_at: self.updated_at,
        })
    }
}
