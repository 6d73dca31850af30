//! `POST /admin/settlements/{id}/unmatch`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::idempotency::OptionalIdempotencyKey;
use common::reply::Success;
use messaging::idempotency::{Begin, Making};
use uuid::Uuid;

use super::match_settlement::answer;
use super::settlement::SettlementData;
use crate::app;
use crate::domain::ids::SettlementId;
use crate::startup::AppState;

/// Say that a settlement did not arrive with its credit after all. Only people match that credit from then on.
#[utoipa::path(
    tag = "admin",
    operation_id = "unmatch_settlement",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The settlement", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e63"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with the same key answers the same again",
            example = "unmatch-7f3a"),
    ),
    responses(
        (status = 200, description = "It has no credit now", body = Success<SettlementData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: it has no credit; `IDEMPOTENCY_IN_PROGRESS`", body = ErrorEnvelope),
        (status = 422, description = "`IDEMPOTENCY_KEY_REUSED`", body = ErrorEnvelope),
    )
)]
#[post("/admin/settlements/{id}/unmatch")]
#[tracing::instrument(name = "http.unmatch_settlement", skip_all, fields(user.hash = caller.log_hash(), settlement.id = %id))]
pub(crate) async fn unmatch_settlement(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    id: Path<Uuid>,
    key: OptionalIdempotencyKey,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ManagePayments)?;
    let begun = Making::begin(&state.db, &request, caller.id, key.0.as_ref(), answer);
    let making = match begun.await? {
        Begin::Replay(response) => return Ok(response),
        Begin::Make(making) => making,
    };
    let id = SettlementId(*id);
    let unmatched =
        app::settlements::bank_credits::unmatch_settlement(&state, &caller, id, &making).await;
    Ok(making.finish(&state.db, unmatched).await?.first())
}
