//! Coupons, and which orders count against their limits.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use common::statement::Prepare as _;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use money::Currency;
use uuid::Uuid;

use super::rows::{money, unreadable};
use super::schema::orders::{coupon_uses, coupons};
use crate::domain::coupon::{Coupon, Discount};
use crate::domain::ids::{CouponId, OrderId, UserId};

/// A coupon's row.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = coupons, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
pub(crate) struct CouponRow {
    pub(crate) id: Uuid,
    pub(crate) code: String,
    pub(crate) kind: String,
    pub(crate) basis_points: Option<i32>,
    pub(crate) amount: Option<BigDecimal>,
    pub(crate) currency: Option<String>,
    pub(crate) min_order_amount: BigDecimal,
    pub(crate) starts_at: Option<DateTime<Utc>>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) usage_limit: Option<i64>,
    pub(crate) per_user_limit: Option<i64>,
    pub(crate) used_count: i64,
    pub(crate) is_active: bool,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// Whether the row is only looked at, or held until the transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// To price an order.
    Look,
    /// To count an order against its limits.
    Lock,
}

/// A coupon by its code, as far as this buyer is concerned.
pub(crate) async fn find(
    conn: &mut AsyncPgConnection,
    code: &str,
    buyer: Option<UserId>,
    hold: Hold,
) -> QueryResult<Option<Coupon>> {
    let query = coupons::table
        .filter(coupons::code.eq(code))
        .select(CouponRow::as_select());
    let row = match hold {
        Hold::Look => query.first(conn).await.optional()?,
        Hold::Lock => query.for_no_key_update().first(conn).await.optional()?,
    };
    let Some(row) = row else { return Ok(None) };
    let used_by_buyer = match buyer {
        Some(buyer) if row.per_user_limit.is_some() => {
            coupon_uses::table
                .filter(coupon_uses::coupon_id.eq(row.id))
                .filter(coupon_uses::user_id.eq(buyer.0))
                .count()
                .get_result(conn)
                .await?
        }
        _ => 0,
    };
    coupon_of(row, used_by_buyer).map(Some)
}

fn coupon_of(row: CouponRow, used_by_buyer: i64) -> QueryResult<Coupon> {
    let currency: Option<Currency> = row
        .currency
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(unreadable)?;
    let discount = match (row.basis_points, &row.amount, currency) {
        (Some(points), ..) => Discount::BasisPoints(u32::try_from(points).map_err(unreadable)?),
        (None, Some(amount), Some(currency)) => Discount::Fixed(money(amount, currency)?),
        _ => return Err(unreadable("a coupon without a discount")),
    };
    let minimum = currency.map(|currency| money(&row.min_order_amount, currency));
    Ok(Coupon {
        id: CouponId(row.id),
        code: row.code,
        discount,
        minimum: minimum.transpose()?.filter(|minimum| !minimum.is_zero()),
        is_active: row.is_active,
        starts_at: row.starts_at,
        expires_at: row.expires_at,
        usage_limit: row.usage_limit,
        per_user_limit: row.per_user_limit,
        used: row.used_count,
        used_by_buyer,
    })
}

/// Counts an order against a coupon's limits.
pub(crate) async fn count_use(
    conn: &mut AsyncPgConnection,
    coupon: CouponId,
    order: OrderId,
    buyer: UserId,
) -> QueryResult<()> {
    let inserted = diesel::insert_into(coupon_uses::table)
        .values((
            coupon_uses::coupon_id.eq(coupon.0),
            coupon_uses::order_id.eq(order.0),
            coupon_uses::user_id.eq(buyer.0),
        ))
        .on_conflict_do_nothing()
        .prepared()
        .execute(conn)
        .await?;
    add(conn, coupon.0, i64::try_from(inserted).unwrap_or(0)).await
}

/// An order does not count any more.
pub(crate) async fn give_back(conn: &mut AsyncPgConnection, order: OrderId) -> QueryResult<()> {
    let coupon: Option<Uuid> = diesel::delete(coupon_uses::table.find(order.0))
        .returning(coupon_uses::coupon_id)
        .get_result(conn)
        .await
        .optional()?;
    match coupon {
        Some(coupon) => add(conn, coupon, -1).await,
        None => Ok(()),
    }
}

async fn add(conn: &mut AsyncPgConnection, coupon: Uuid, uses: i64) -> QueryResult<()> {
    if uses != 0 {
        diesel::update(coupons::table.find(coupon))
            .set(coupons::used_count.eq(coupons::used_count + uses))
            .prepared()
            .execute(conn)
            .await?;
    }
    Ok(())
}
