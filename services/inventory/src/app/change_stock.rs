//! Staff counts: what is on hand, and from which number on it is low.

use common::auth::CurrentUser;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use serde_json::json;

use super::{Error, STOCK_ITEM, news, variants};
use crate::domain::change::{self, Operation};
use crate::domain::ids::VariantId;
use crate::startup::AppState;
use crate::store;
use crate::store::items::{ItemRow, NewItem};
use crate::store::ledger::Adjustment;
use crate::store::stock::{Change, LockedItem};

/// A change of what is on hand.
#[derive(Debug, Clone)]
pub(crate) struct ChangeStock {
    pub(crate) variant: VariantId,
    pub(crate) operation: Operation,
    pub(crate) quantity: i64,
    pub(crate) reason: Option<String>,
    /// The version that the caller saw.
    pub(crate) version: Option<i64>,
}

/// Changes what is on hand. A variant that is not known yet is asked of the catalogue.
pub(crate) async fn change_stock(
    state: &AppState,
    caller: &CurrentUser,
    command: &ChangeStock,
) -> Result<ItemRow, Error> {
    match try_change(state, caller, command).await {
        Err(Error::NotFound(_)) => {
            // No transaction is open while the catalogue is asked.
            let item = look_up(state, command.variant).await?;
            let mut conn = state.db.get().await?;
            let known: Result<bool, Error> = conn
                .transaction(async |conn| variants::insert(conn, &item).await)
                .await;
            known?;
            drop(conn);
            try_change(state, caller, command).await
        }
        other => other,
    }
}

async fn look_up(state: &AppState, variant: VariantId) -> Result<NewItem, Error> {
    let found = state.catalog.variant(variant).await?;
    let found = found.ok_or(Error::NotFound("variant"))?;
    Ok(NewItem {
        variant,
        product_id: found.product_id,
        sku: found.sku,
        is_active: found.is_active,
        on_hand: 0,
        low_stock_threshold: state.settings.low_stock_threshold,
        // Whatever the catalogue says by event is newer.
        catalog_version: 0,
    })
}

async fn try_change(
    state: &AppState,
    caller: &CurrentUser,
    command: &ChangeStock,
) -> Result<ItemRow, Error> {
    let trail = state.trail();
    let variant = command.variant;
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let item = lock(conn, variant, command.version).await?;
        let delta = change::delta(
            item.on_hand,
            item.reserved,
            command.operation,
            command.quantity,
        )?;
        if delta != 0 {
            let change = Change {
                variant,
                on_hand: delta,
                reserved: 0,
            };
            news::change_stock(conn, &trail, &[change]).await?;
            let adjustment = Adjustment {
                variant,
                delta,
                reason: command.reason.clone(),
            };
            store::ledger::adjustments(conn, &[adjustment]).await?;
            let facts = json!({
                "delta": delta, "onHand": item.on_hand + delta, "reason": command.reason,
            });
            let entity = (STOCK_ITEM, variant.to_string());
            trail
                .audit(conn, caller, "stock.adjusted", entity, facts)
                .await?;
        }
        get(conn, variant).await
    })
    .await
}

/// Sets from which number on a variant's stock is low.
pub(crate) async fn set_threshold(
    state: &AppState,
    caller: &CurrentUser,
    variant: VariantId,
    threshold: i64,
    version: Option<i64>,
) -> Result<ItemRow, Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let item = lock(conn, variant, version).await?;
        if item.low_stock_threshold != threshold {
            store::items::set_thresholds(conn, &[(variant, threshold)]).await?;
            let facts = json!({ "from": item.low_stock_threshold, "to": threshold });
            let entity = (STOCK_ITEM, variant.to_string());
            trail
                .audit(conn, caller, "stock.threshold_changed", entity, facts)
                .await?;
        }
        get(conn, variant).await
    })
    .await
}

async fn lock(
    conn: &mut AsyncPgConnection,
    variant: VariantId,
    version: Option<i64>,
) -> Result<LockedItem, Error> {
    let locked = store::stock::lock(conn, &[variant]).await?;
    let item = locked
        .into_iter()
        .next()
        .ok_or(Error::NotFound("stock item"))?;
    match version {
        Some(seen) if seen != item.version => Err(Error::Version {
            current: item.version,
        }),
        _ => Ok(item),
    }
}

async fn get(conn: &mut AsyncPgConnection, variant: VariantId) -> Result<ItemRow, Error> {
    let found = store::items::find(conn, variant).await?;
    found.ok_or(Error::NotFound("stock item"))
}
