//! `GET /admin/disputes/{id}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::dispute::{Dispute, DisputeHistory};
use crate::app::dispute::queries;
use crate::domain::ids::DisputeId;
use crate::startup::AppState;

/// A dispute under its name, with what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DisputeDetails {
    dispute: Dispute,
    /// Oldest first.
    history: Vec<DisputeHistory>,
}

/// Look at a dispute.
#[utoipa::path(
    tag = "admin",
    operation_id = "get_dispute",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The dispute", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e62")),
    responses(
        (status = 200, description = "The dispute", body = Success<DisputeDetails>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
    )
)]
#[get("/admin/disputes/{id}")]
#[tracing::instrument(name = "http.get_dispute", skip_all, fields(user.hash = caller.log_hash(), dispute.id = %id))]
pub(crate) async fn get_dispute(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ReadPayments)?;
    let (dispute, history) = queries::get_dispute(&state, DisputeId(*id)).await?;
    Ok(reply::ok(DisputeDetails {
        dispute: Dispute::from(&dispute),
        history: history.into_iter().map(DisputeHistory::from).collect(),
    }))
}
