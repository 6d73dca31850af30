//! `GET /wishlist/check/{productId}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app;
use crate::domain::ids::{ProductId, UserId};
use crate::startup::AppState;

/// Whether a product is on the list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WishedData {
    in_wishlist: bool,
}

/// Tell whether a product is on one's wishlist.
#[utoipa::path(
    tag = "wishlist",
    operation_id = "check_wish",
    security(("bearer" = [])),
    params(("productId" = Uuid, Path, description = "The product", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "Whether it is", body = Success<WishedData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
    )
)]
#[get("/wishlist/check/{productId}")]
#[tracing::instrument(name = "http.check_wish", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn check_wish(
    state: Data<AppState>,
    caller: CurrentUser,
    product: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let in_wishlist =
        app::wishlist::is_wished(&state, UserId(caller.id), ProductId(*product)).await?;
    Ok(reply::ok(WishedData { in_wishlist }))
}
