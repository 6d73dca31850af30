//! `GET /users/me/addresses/{id}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use uuid::Uuid;

use super::address::AddressData;
use crate::app;
use crate::domain::ids::AddressId;
use crate::startup::AppState;

/// Read one address of one's book.
#[utoipa::path(
    tag = "addresses",
    operation_id = "get_address",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The address", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "The address", body = Success<AddressData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: not there, or somebody else's", body = ErrorEnvelope),
    )
)]
#[get("/users/me/addresses/{id}")]
#[tracing::instrument(name = "http.get_address", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn get_address(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let entry = app::addresses::get_address(&state, &caller, AddressId(*id)).await?;
    Ok(reply::ok(AddressData::from(entry)))
}
