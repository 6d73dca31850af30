//! `POST /admin/disputes/{id}/accept`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::idempotency::IdempotencyKey;
use common::reply::Success;
use garde::Validate;
use money::Amount;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::contest_dispute::{carry_out, text};
use super::dispute::DisputeData;
use crate::app::dispute::answer::AnswerDispute;
use crate::domain::dispute_answer::AnswerKind;
use crate::domain::ids::DisputeId;
use crate::startup::AppState;

/// What is answered.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "message": "The parcel was lost." }))]
pub(crate) struct AcceptDisputeRequest {
    /// All that is wanted back, if absent.
    #[garde(skip)]
    #[serde(default)]
    refund_amount: Option<Amount>,
    /// What the shop says.
    #[garde(length(chars, min = 1, max = 1000))]
    message: String,
}

/// Give in to a dispute: what it wants, or less, goes back to the buyer.
#[utoipa::path(
    tag = "admin",
    operation_id = "accept_dispute",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The dispute", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e62"),
        ("Idempotency-Key" = String, Header, description = "Repeating a request with the same key answers the same again",
            example = "dispute-7f3a"),
    ),
    request_body = AcceptDisputeRequest,
    responses(
        (status = 200, description = "The provider has it", body = Success<DisputeData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 402, description = "`PAYMENT_ERROR`: less than that is left, or the provider refuses", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: over, answered before, or too late; `CONFLICT`: somebody is at it; `IDEMPOTENCY_IN_PROGRESS`", body = ErrorEnvelope),
        (status = 422, description = "`IDEMPOTENCY_KEY_REUSED`", body = ErrorEnvelope),
        (status = 503, description = "`EXTERNAL_SERVICE_ERROR`, `SERVICE_UNAVAILABLE`: send the same again", body = ErrorEnvelope),
    )
)]
#[post("/admin/disputes/{id}/accept")]
#[tracing::instrument(name = "http.accept_dispute", skip_all, fields(user.hash = caller.log_hash(), dispute.id = %id))]
pub(crate) async fn accept_dispute(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    id: Path<Uuid>,
    key: IdempotencyKey,
    body: Json<AcceptDisputeRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ManagePayments)?;
    let body = body.into_inner();
    let command = AnswerDispute {
        dispute: DisputeId(*id),
        kind: AnswerKind::Acceptance,
        message: text("message", &body.message)?,
        service_details: None,
        refund: body.refund_amount,
    };
    carry_out(&state, &request, &caller, &key, &command).await
}
