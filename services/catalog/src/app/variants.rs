//! Looking after the variants of a product.

use bigdecimal::BigDecimal;
use common::auth::CurrentUser;
use common::ids;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::catalog::{ProductUpdated, VariantDeleted};
use money::SignedAmount;
use serde_json::{Value, json};

use super::Error;
use super::find::{self, ProductView};
use super::products::{NewVariant, check_version, skus_of, variant_created, variant_updated};
use crate::domain::ids::{ProductId, VariantId};
use crate::startup::AppState;
use crate::store::products::{self, ProductRow};
use crate::store::variants::{self, VariantRow};
use messaging::Trail;

/// As many as a product may have.
pub(crate) const VARIANTS_MAX: usize = 100;

/// What of a variant is to be another.
#[derive(Debug, Clone, Default)]
pub(crate) struct VariantChange {
    pub(crate) sku: Option<String>,
    pub(crate) name: Option<Option<String>>,
    pub(crate) price_delta: Option<SignedAmount>,
    pub(crate) options: Option<Value>,
    pub(crate) metadata: Option<Value>,
    pub(crate) position: Option<i32>,
    pub(crate) version: Option<i64>,
}

/// A difference of prices as it is stored.
pub(crate) fn decimal(amount: SignedAmount) -> BigDecimal {
    BigDecimal::new(amount.minor().into(), 2)
}

/// Adds a variant to a product.
pub(crate) async fn add_variant(
    state: &AppState,
    caller: &CurrentUser,
    id: ProductId,
    new: NewVariant,
) -> Result<ProductView, Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    let changed = conn
        .transaction(async |conn| {
            let product = products::lock(conn, id)
                .await?
                .ok_or(Error::NotFound("product"))?;
            let mut all = variants::of(conn, id).await?;
            if all.len() >= VARIANTS_MAX {
                return Err(Error::InvalidState("the product has 100 variants already"));
            }
            let last = all.iter().map(|row| row.position).max().unwrap_or(-1);
            let row = VariantRow {
                id: ids::new_id(),
                product_id: product.id,
                sku: new.sku,
                name: new.name,
                price_delta: decimal(new.price_delta),
                options: new.options,
                metadata: new.metadata,
                position: last.saturating_add(1),
                version: 1,
                created_at: trail.now(),
                updated_at: trail.now(),
                deleted_at: None,
            };
            let told = variant_created(&product, &row, new.initial_stock)?;
            variants::insert(conn, std::slice::from_ref(&row)).await?;
            trail.event(conn, &told, row.version).await?;
            let entity = ("variant", row.id.to_string());
            trail
                .audit(
                    conn,
                    caller,
                    "variant.created",
                    entity,
                    json!({ "sku": row.sku }),
                )
                .await?;
            all.push(row);
            touch(conn, &trail, product, &all).await
        })
        .await;
    drop(conn);
    state.answers.after(changed).await
}

/// Changes a variant of a product.
pub(crate) async fn change_variant(
    state: &AppState,
    caller: &CurrentUser,
    id: ProductId,
    variant: VariantId,
    change: VariantChange,
) -> Result<ProductView, Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    let changed = conn
        .transaction(async |conn| {
            let product = products::lock(conn, id)
                .await?
                .ok_or(Error::NotFound("product"))?;
            let mut all = variants::of(conn, id).await?;
            let found = all.iter_mut().find(|row| row.id == variant.0);
            let row = found.ok_or(Error::NotFound("variant"))?;
            check_version(change.version, product.version)?;
            row.sku = change.sku.unwrap_or_else(|| row.sku.clone());
            row.name = change.name.unwrap_or_else(|| row.name.clone());
            row.price_delta = change
                .price_delta
                .map_or_else(|| row.price_delta.clone(), decimal);
            row.options = change.options.unwrap_or_else(|| row.options.clone());
            row.metadata = change.metadata.unwrap_or_else(|| row.metadata.clone());
            row.position = change.position.unwrap_or(row.position);
            row.version += 1;
            row.updated_at = trail.now();
            let told = variant_updated(&product, row)?;
            variants::update(conn, row).await?;
            trail.event(conn, &told, row.version).await?;
            let entity = ("variant", row.id.to_string());
            let facts = json!({ "sku": row.sku, "priceDelta": row.price_delta.to_string() });
            trail
                .audit(conn, caller, "variant.changed", entity, facts)
                .await?;
            touch(conn, &trail, product, &all).await
        })
        .await;
    drop(conn);
    state.answers.after(changed).await
}

/// Takes a variant away; the last one goes only with its product.
pub(crate) async fn remove_variant(
    state: &AppState,
    caller: &CurrentUser,
    id: ProductId,
    variant: VariantId,
) -> Result<ProductView, Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    let changed = conn
        .transaction(async |conn| {
            let product = products::lock(conn, id)
                .await?
                .ok_or(Error::NotFound("product"))?;
            let mut all = variants::of(conn, id).await?;
            let found = all.iter().position(|row| row.id == variant.0);
            let at = found.ok_or(Error::NotFound("variant"))?;
            if all.len() == 1 {
                return Err(Error::InvalidState("a product has at least one variant"));
            }
            let mut row = all.remove(at);
            row.deleted_at = Some(trail.now());
            row.version += 1;
            variants::update(conn, &row).await?;
            let told = VariantDeleted {
                variant_id: row.id,
                product_id: product.id,
            };
            trail.event(conn, &told, row.version).await?;
            let entity = ("variant", row.id.to_string());
            trail
                .audit(
                    conn,
                    caller,
                    "variant.deleted",
                    entity,
                    json!({ "sku": row.sku }),
                )
                .await?;
            touch(conn, &trail, product, &all).await
        })
        .await;
    drop(conn);
    state.answers.after(changed).await
}

/// The product is another when its variants are.
pub(crate) async fn touch(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    mut product: ProductRow,
    variants: &[VariantRow],
) -> Result<ProductView, Error> {
    product.variant_skus = skus_of(variants);
    product.version += 1;
    product.updated_at = trail.now();
    products::update(conn, &product).await?;
    let told = ProductUpdated {
        product_id: product.id,
        is_active: product.is_active,
        category_id: product.category_id,
    };
    trail.event(conn, &told, product.version).await?;
    find::view_of(conn, &product.id.to_string(), true).await
}
