//! What the catalogue tells about variants.

use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::catalog::{VariantCreated, VariantDeleted, VariantUpdated};
use messaging::inbox::{self, Seen};
use messaging::{ConsumeError, Outcome, Received};

use super::Error;
use crate::domain::change::ON_HAND_MAX;
use crate::domain::ids::VariantId;
use crate::startup::AppState;
use crate::store;
use crate::store::items::NewItem;

/// Stocks a new variant.
pub(crate) async fn create(
    state: &AppState,
    event: &Received<VariantCreated>,
) -> Result<Outcome, ConsumeError> {
    let said = &event.body;
    if !(0..=ON_HAND_MAX).contains(&said.initial_stock) {
        return Err(ConsumeError::Hopeless(format!(
            "an initial stock of {}",
            said.initial_stock
        )));
    }
    let item = NewItem {
        variant: VariantId(said.variant_id),
        product_id: said.product_id,
        sku: said.sku.clone(),
        is_active: said.is_active,
        on_hand: said.initial_stock,
        low_stock_threshold: state.settings.low_stock_threshold,
        catalog_version: event.aggregate_version,
    };
    let mut conn = state.work_db.get().await?;
    let done: Result<Outcome, Error> = conn
        .transaction(async |conn| {
            if inbox::record(conn, event).await? == Seen::Before {
                return Ok(Outcome::Duplicate);
            }
            if insert(conn, &item).await? {
                return Ok(Outcome::Applied);
            }
            // Staff was faster and has counted; what the catalogue calls it may still be news.
            store::stock::wait_for(conn, &[item.variant]).await?;
            let sku = Some(item.sku.clone());
            let version = item.catalog_version;
            store::items::describe(conn, item.variant, sku, item.is_active, version).await?;
            Ok(Outcome::Stale)
        })
        .await;
    Ok(done?)
}

/// Adds a variant and what there is of it; `false` if it is known already.
pub(super) async fn insert(conn: &mut AsyncPgConnection, item: &NewItem) -> Result<bool, Error> {
    let is_new = store::items::insert(conn, item).await?;
    if is_new {
        store::ledger::initial(conn, item.variant, item.on_hand).await?;
    }
    Ok(is_new)
}

/// Notes another SKU or state.
pub(crate) async fn update(
    state: &AppState,
    event: &Received<VariantUpdated>,
) -> Result<Outcome, ConsumeError> {
    let said = &event.body;
    let mut conn = state.work_db.get().await?;
    let done: Result<Outcome, Error> = conn
        .transaction(async |conn| {
            if inbox::record(conn, event).await? == Seen::Before {
                return Ok(Outcome::Duplicate);
            }
            let variant = VariantId(said.variant_id);
            let version = event.aggregate_version;
            describe(
                conn,
                variant,
                Some(said.sku.clone()),
                said.is_active,
                version,
            )
            .await
        })
        .await;
    Ok(done?)
}

/// Keeps a deleted variant, of which nothing is held any more.
pub(crate) async fn delete(
    state: &AppState,
    event: &Received<VariantDeleted>,
) -> Result<Outcome, ConsumeError> {
    let mut conn = state.work_db.get().await?;
    let done: Result<Outcome, Error> = conn
        .transaction(async |conn| {
            if inbox::record(conn, event).await? == Seen::Before {
                return Ok(Outcome::Duplicate);
            }
            let variant = VariantId(event.body.variant_id);
            describe(conn, variant, None, false, event.aggregate_version).await
        })
        .await;
    Ok(done?)
}

async fn describe(
    conn: &mut AsyncPgConnection,
    variant: VariantId,
    sku: Option<String>,
    is_active: bool,
    version: i64,
) -> Result<Outcome, Error> {
    // In turn: who waits for a row that everybody buys may wait for ever.
    store::stock::wait_for(conn, &[variant]).await?;
    if store::items::describe(conn, variant, sku, is_active, version).await? {
        return Ok(Outcome::Applied);
    }
    // Events come through different queues: this one may have overtaken the one that makes the variant known.
    match store::items::find(conn, variant).await? {
        Some(_) => Ok(Outcome::Stale),
        None => Err(Error::NotFound("stock item")),
    }
}
