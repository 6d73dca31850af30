//! `DELETE /wishlist/{productId}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Nothing, Success};
use uuid::Uuid;

use crate::app;
use crate::domain::ids::{ProductId, UserId};
use crate::startup::AppState;

/// Take a product off one's wishlist.
#[utoipa::path(
    tag = "wishlist",
    operation_id = "remove_wish",
    security(("bearer" = [])),
    params(("productId" = Uuid, Path, description = "The product", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "It is not on the list", body = Success<Nothing>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
    )
)]
#[delete("/wishlist/{productId}")]
#[tracing::instrument(name = "http.remove_wish", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn remove_wish(
    state: Data<AppState>,
    caller: CurrentUser,
    product: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    app::wishlist::remove_wish(&state, UserId(caller.id), ProductId(*product)).await?;
    Ok(reply::message("It is not on the wishlist"))
}
