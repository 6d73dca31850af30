//! `DELETE /wishlist`.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::reply::{self, Nothing, Success};

use crate::app;
use crate::domain::ids::UserId;
use crate::startup::AppState;

/// Empty one's wishlist.
#[utoipa::path(
    tag = "wishlist",
    operation_id = "clear_wishlist",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "It is empty", body = Success<Nothing>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
    )
)]
#[delete("/wishlist")]
#[tracing::instrument(name = "http.clear_wishlist", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn clear_wishlist(
    state: Data<AppState>,
    caller: CurrentUser,
) -> Result<HttpResponse, ApiError> {
    app::wishlist::clear_wishlist(&state, UserId(caller.id)).await?;
    Ok(reply::message("The wishlist is empty"))
}
