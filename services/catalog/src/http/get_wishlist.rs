//! `GET /wishlist`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, Utc};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::product::Product;
use crate::app;
use crate::app::wishlist::Wish;
use crate::domain::ids::UserId;
use crate::startup::AppState;

/// What somebody wants to remember.
#[derive(Serialize, ToSchema)]
pub(crate) struct WishlistData {
    /// The newest first.
    items: Vec<WishlistItem>,
}

/// A product, and since when it is on the list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WishlistItem {
    #[serde(flatten)]
    product: Product,
    /// The variant that is wanted, if one was named.
    variant_id: Option<Uuid>,
    added_at: DateTime<Utc>,
}

impl WishlistItem {
    fn of(wish: Wish) -> Result<Self, ApiError> {
        Ok(Self {
            product: Product::of(wish.view)?,
            variant_id: wish.variant_id,
            added_at: wish.added_at,
        })
    }
}

/// Look at one's wishlist.
#[utoipa::path(
    tag = "wishlist",
    operation_id = "get_wishlist",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The list", body = Success<WishlistData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
    )
)]
#[get("/wishlist")]
#[tracing::instrument(name = "http.get_wishlist", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn get_wishlist(
    state: Data<AppState>,
    caller: CurrentUser,
) -> Result<HttpResponse, ApiError> {
    let wishes = app::wishlist::get_wishlist(&state, UserId(caller.id)).await?;
    let items = wishes
        .into_iter()
        .map(WishlistItem::of)
        .collect::<Result<_, _>>()?;
    Ok(reply::ok(WishlistData { items }))
}
