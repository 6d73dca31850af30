//! `DELETE /users/me/addresses/{id}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Nothing, Success};
use uuid::Uuid;

use crate::app;
use crate::domain::ids::AddressId;
use crate::startup::AppState;

/// Take an address out of one's book. If it was the default, the newest one left takes its place.
#[utoipa::path(
    tag = "addresses",
    operation_id = "remove_address",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The address", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "Removed", body = Success<Nothing>, example = json!({
            "status": "success", "message": "The address is removed", "data": {}
        })),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: not there, or somebody else's", body = ErrorEnvelope),
    )
)]
#[delete("/users/me/addresses/{id}")]
#[tracing::instrument(name = "http.remove_address", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn remove_address(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    app::addresses::remove_address(&state, &caller, AddressId(*id)).await?;
    Ok(reply::message("The address is removed"))
}
