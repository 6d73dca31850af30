//! Looking after coupons.

use common::auth::CurrentUser;
use common::paging::{Page, Pagination};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use messaging::Trail;
use messaging::idempotency::Making;
use serde_json::json;

use super::coupon_terms::{ChangeCoupon, CouponTerms, row_of, terms_of};
use super::{check_version, taken};
use crate::app::Error;
use crate::domain::ids::CouponId;
use crate::startup::AppState;
use crate::store::coupon_book::{self, Filter};
use crate::store::coupons::CouponRow;

/// What became of a coupon that was to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removal {
    /// It is gone.
    Removed,
    /// Orders name it, so it stays in the books and cannot be used any more.
    SwitchedOff,
}

/// One page of coupons by code.
pub(crate) async fn list_coupons(
    state: &AppState,
    filter: &Filter,
    page: Page,
) -> Result<(Vec<CouponRow>, Pagination), Error> {
    let mut conn = state.db.get().await?;
    let (rows, total) = coupon_book::list(&mut conn, filter, page).await?;
    Ok((rows, page.of_total(total)))
}

/// One coupon.
pub(crate) async fn get_coupon(state: &AppState, coupon: CouponId) -> Result<CouponRow, Error> {
    let mut conn = state.db.get().await?;
    let row = coupon_book::find(&mut conn, coupon).await?;
    row.ok_or(Error::NotFound("coupon"))
}

/// Adds a coupon.
pub(crate) async fn create_coupon(
    state: &AppState,
    caller: &CurrentUser,
    terms: &CouponTerms,
    making: &Making<CouponRow>,
) -> Result<CouponRow, Error> {
    let trail = state.trail();
    let row = row_of(CouponId(making.id), terms, trail.now())?;
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        coupon_book::insert(conn, &row).await.map_err(taken)?;
        note(&trail, conn, caller, "coupon.created", &row).await?;
        making.settle(conn, &row).await?;
        Ok(row)
    })
    .await
}

/// Changes a coupon. Orders that were placed with it keep what they were promised.
pub(crate) async fn change_coupon(
    state: &AppState,
    caller: &CurrentUser,
    coupon: CouponId,
    change: ChangeCoupon,
) -> Result<CouponRow, Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let before = coupon_book::lock(conn, coupon).await?;
        let before = before.ok_or(Error::NotFound("coupon"))?;
        check_version(change.version, before.version)?;
        let terms = change.applied_to(terms_of(&before)?)?;
        let row = CouponRow {
            used_count: before.used_count,
            version: before.version + 1,
            created_at: before.created_at,
            ..row_of(coupon, &terms, trail.now())?
        };
        coupon_book::update(conn, &row).await.map_err(taken)?;
        note(&trail, conn, caller, "coupon.changed", &row).await?;
        Ok(row)
    })
    .await
}

/// Takes a coupon out of the shop: one that orders name is switched off, any other is removed.
pub(crate) async fn delete_coupon(
    state: &AppState,
    caller: &CurrentUser,
    coupon: CouponId,
    seen: Option<i64>,
) -> Result<Removal, Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let row = coupon_book::lock(conn, coupon).await?;
        let row = row.ok_or(Error::NotFound("coupon"))?;
        check_version(seen, row.version)?;
        if coupon_book::was_used(conn, coupon).await? {
            switch_off(conn, &trail, caller, row).await?;
            return Ok(Removal::SwitchedOff);
        }
        coupon_book::delete(conn, coupon).await?;
        note(&trail, conn, caller, "coupon.deleted", &row).await?;
        Ok(Removal::Removed)
    })
    .await
}

async fn switch_off(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    caller: &CurrentUser,
    mut row: CouponRow,
) -> Result<(), Error> {
    if !row.is_active {
        return Ok(());
    }
    row.is_active = false;
    row.version += 1;
    row.updated_at = trail.now();
    coupon_book::update(conn, &row).await?;
    note(trail, conn, caller, "coupon.switched_off", &row).await
}

async fn note(
    trail: &Trail,
    conn: &mut AsyncPgConnection,
    caller: &CurrentUser,
    action: &str,
    row: &CouponRow,
) -> Result<(), Error> {
    let facts = json!({
        "code": row.code, "type": row.kind, "basisPoints": row.basis_points,
        "amount": row.amount.as_ref().map(ToString::to_string), "currency": row.currency,
        "isActive": row.is_active, "version": row.version,
    });
    let entity = ("coupon", row.id.to_string());
    Ok(trail.audit(conn, caller, action, entity, facts).await?)
}
