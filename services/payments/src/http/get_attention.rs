//! `GET /admin/attention/{id}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use uuid::Uuid;

use super::attention::AttentionData;
use crate::app;
use crate::startup::AppState;

/// See one thing that people have to look at.
#[utoipa::path(
    tag = "admin",
    operation_id = "get_attention",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The item", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e62")),
    responses(
        (status = 200, description = "The item", body = Success<AttentionData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
    )
)]
#[get("/admin/attention/{id}")]
#[tracing::instrument(name = "http.get_attention", skip_all, fields(user.hash = caller.log_hash(), attention.id = %id))]
pub(crate) async fn get_attention(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ReadPayments)?;
    let item = app::queries::get_attention(&state, *id).await?;
    Ok(reply::ok(AttentionData::from(&item)))
}
