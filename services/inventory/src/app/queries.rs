//! What others ask: reservations, stock items, movements, figures.

use std::collections::HashMap;

use common::paging::{Page, Pagination};
use diesel_async::AsyncPgConnection;

use super::Error;
use crate::domain::ids::{OrderId, VariantId};
use crate::domain::reservation::{Reserved, State};
use crate::startup::AppState;
use crate::store;
use crate::store::items::{Figures, ItemFilter, ItemRow};
use crate::store::ledger::MovementRow;
use crate::store::reservations::{ReservationRow, VariantHold};

/// How many reservations and movements stand beside an item.
const BESIDE: i64 = 100;

/// One order's reservation.
pub(crate) async fn get_reservation(state: &AppState, order: OrderId) -> Result<Reserved, Error> {
    let mut conn = state.db.get().await?;
    let rows = store::reservations::find_all(&mut conn, &[order]).await?;
    let mut found = with_lines(&mut conn, rows).await?;
    found.remove(&order).ok_or(Error::NotFound("reservation"))
}

/// The reservations of these orders, as far as there are any, locked until the transaction ends.
pub(super) async fn lock_reservations(
    conn: &mut AsyncPgConnection,
    orders: &[OrderId],
) -> Result<HashMap<OrderId, Reserved>, Error> {
    let rows = store::reservations::lock_all(conn, orders).await?;
    with_lines(conn, rows).await
}

async fn with_lines(
    conn: &mut AsyncPgConnection,
    rows: Vec<ReservationRow>,
) -> Result<HashMap<OrderId, Reserved>, Error> {
    let orders: Vec<OrderId> = rows.iter().map(|row| OrderId(row.order_id)).collect();
    let mut lines = store::reservations::lines_of(conn, &orders).await?;
    let reservations = rows.into_iter().map(|row| {
        let order = OrderId(row.order_id);
        let reserved = Reserved {
            order,
            state: state_of(&row.state)?,
            expires_at: row.expires_at,
            is_extended: row.is_extended,
            is_reallocated: row.is_reallocated,
            lines: lines.remove(&order).unwrap_or_default(),
        };
        Ok((order, reserved))
    });
    reservations.collect()
}

fn state_of(name: &str) -> Result<State, Error> {
    name.parse()
        .map_err(|_unknown| Error::Bug(format!("unknown state {name}")))
}

/// One page of stock items, by SKU.
pub(crate) async fn list_items(
    state: &AppState,
    filter: &ItemFilter,
    page: Page,
) -> Result<(Vec<ItemRow>, Pagination), Error> {
    let mut conn = state.db.get().await?;
    let (rows, total) = store::items::list(&mut conn, filter, page).await?;
    Ok((rows, page.of_total(total)))
}

/// A stock item with the newest of what happened to it.
pub(crate) struct ItemView {
    pub(crate) item: ItemRow,
    pub(crate) reservations: Vec<VariantHold>,
    pub(crate) movements: Vec<MovementRow>,
}

/// One stock item.
pub(crate) async fn get_item(state: &AppState, variant: VariantId) -> Result<ItemView, Error> {
    let mut conn = state.db.get().await?;
    let item = store::items::find(&mut conn, variant).await?;
    Ok(ItemView {
        item: item.ok_or(Error::NotFound("stock item"))?,
        reservations: store::reservations::newest_of(&mut conn, variant, BESIDE).await?,
        movements: store::ledger::newest(&mut conn, variant, BESIDE, 0).await?,
    })
}

/// One page of what changed an item's stock, newest first.
pub(crate) async fn list_movements(
    state: &AppState,
    variant: VariantId,
    page: Page,
) -> Result<(Vec<MovementRow>, Pagination), Error> {
    let mut conn = state.db.get().await?;
    let item = store::items::find(&mut conn, variant).await?;
    item.ok_or(Error::NotFound("stock item"))?;
    let (rows, total) = store::ledger::list(&mut conn, variant, page).await?;
    Ok((rows, page.of_total(total)))
}

/// How much there is of everything.
pub(crate) async fn figures(state: &AppState) -> Result<Figures, Error> {
    let mut conn = state.db.get().await?;
    Ok(store::items::figures(&mut conn).await?)
}
