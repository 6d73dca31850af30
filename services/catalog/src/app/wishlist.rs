//! What a person wants to remember.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Error;
use super::find::{self, ProductView};
use crate::domain::ids::{ProductId, UserId, VariantId};
use crate::startup::AppState;
use crate::store::listing;
use crate::store::variants;
use crate::store::wishlist::{self, WishRow};

/// As many things as a list may hold.
const ITEMS_MAX: i64 = 200;

/// A product on the list.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) view: ProductView,
    pub(crate) variant_id: Option<Uuid>,
    pub(crate) added_at: DateTime<Utc>,
}

/// A person's list, the newest first; what shoppers do not see at present is left out.
pub(crate) async fn get_wishlist(state: &AppState, user: UserId) -> Result<Vec<Wish>, Error> {
    let mut conn = state.db.get().await?;
    let rows = wishlist::of(&mut conn, user).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.product_id).collect();
    let products = listing::find_all(&mut conn, &ids).await?;
    let views = find::with_parts(&mut conn, products).await?;
    let mut views: HashMap<Uuid, ProductView> = views
        .into_iter()
        .map(|view| (view.product.id, view))
        .collect();
    let wish = |row: WishRow| {
        Some(Wish {
            view: views.remove(&row.product_id)?,
            variant_id: row.variant_id,
            added_at: row.added_at,
        })
    };
    Ok(rows.into_iter().filter_map(wish).collect())
}

/// Adds a product, once.
pub(crate) async fn add_wish(
    state: &AppState,
    user: UserId,
    product: ProductId,
    variant: Option<VariantId>,
) -> Result<(), Error> {
    let mut conn = state.db.get().await?;
    let found = listing::find_all(&mut conn, &[product.0]).await?;
    if found.is_empty() {
        return Err(Error::NotFound("product"));
    }
    if let Some(variant) = variant {
        let own = variants::shown_of(&mut conn, &[product.0]).await?;
        if !own.iter().any(|one| one.id == variant.0) {
            return Err(Error::invalid("variantId", "is no variant of the product"));
        }
    }
    let is_new = !wishlist::has(&mut conn, user, product).await?;
    if is_new && wishlist::count(&mut conn, user).await? >= ITEMS_MAX {
        return Err(Error::InvalidState(
            "the wishlist is full: it holds at most 200 products",
        ));
    }
    let row = WishRow {
        user_id: user.0,
        product_id: product.0,
        variant_id: variant.map(|id| id.0),
        added_at: state.clock.now(),
    };
    Ok(wishlist::put(&mut conn, &row).await?)
}

/// Takes a product off the list; one that is not on it is no error.
pub(crate) async fn remove_wish(
    state: &AppState,
    user: UserId,
    product: ProductId,
) -> Result<(), Error> {
    let mut conn = state.db.get().await?;
    Ok(wishlist::remove(&mut conn, user, product).await?)
}

/// Empties the list.
pub(crate) async fn clear_wishlist(state: &AppState, user: UserId) -> Result<(), Error> {
    let mut conn = state.db.get().await?;
    Ok(wishlist::clear(&mut conn, user).await?)
}

/// Whether a product is on the list.
pub(crate) async fn is_wished(
    state: &AppState,
    user: UserId,
    product: ProductId,
) -> Result<bool, Error> {
    let mut conn = state.db.get().await?;
    Ok(wishlist::has(&mut conn, user, product).await?)
}
