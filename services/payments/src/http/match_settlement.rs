//! `POST /admin/settlements/{id}/match`.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::idempotency::OptionalIdempotencyKey;
use common::reply::Success;
use garde::Validate;
use messaging::idempotency::{Begin, Making, StoredResponse};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::settlement::SettlementData;
use crate::app;
use crate::domain::ids::{BankCreditId, SettlementId};
use crate::startup::AppState;
use crate::store::bank_credits::Matched;
use crate::store::settlement_lists::ListedSettlement;

/// What it arrived with.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "bankCreditId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e64" }))]
pub(crate) struct MatchSettlementRequest {
    /// A credit that belongs to no settlement yet.
    #[garde(skip)]
    bank_credit_id: Uuid,
}

/// Say which of the bank's credits a settlement arrived with, where that could not be told by itself. The amounts may differ.
#[utoipa::path(
    tag = "admin",
    operation_id = "match_settlement",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The settlement", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e63"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with the same key answers the same again",
            example = "match-7f3a"),
    ),
    request_body = MatchSettlementRequest,
    responses(
        (status = 200, description = "Matched", body = Success<SettlementData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: no such settlement or credit", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: not paid out, of another currency, or one of the two is matched; \
            `IDEMPOTENCY_IN_PROGRESS`", body = ErrorEnvelope),
        (status = 422, description = "`IDEMPOTENCY_KEY_REUSED`", body = ErrorEnvelope),
    )
)]
#[post("/admin/settlements/{id}/match")]
#[tracing::instrument(name = "http.match_settlement", skip_all, fields(user.hash = caller.log_hash(), settlement.id = %id))]
pub(crate) async fn match_settlement(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    id: Path<Uuid>,
    key: OptionalIdempotencyKey,
    body: Json<MatchSettlementRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ManagePayments)?;
    let by_hand = Matched {
        credit: BankCreditId(body.bank_credit_id),
        settlement: SettlementId(*id),
    };
    let begun = Making::begin(&state.db, &request, caller.id, key.0.as_ref(), answer);
    let making = match begun.await? {
        Begin::Replay(response) => return Ok(response),
        Begin::Make(making) => making,
    };
    let matched =
        app::settlements::bank_credits::match_settlement(&state, &caller, by_hand, &making).await;
    Ok(making.finish(&state.db, matched).await?.first())
}

pub(super) fn answer(settlement: &ListedSettlement) -> serde_json::Result<StoredResponse> {
    let data = SettlementData::from(settlement);
    StoredResponse::json(StatusCode::OK, &Success::new(data))
}
