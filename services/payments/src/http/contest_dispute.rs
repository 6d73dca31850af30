//! `POST /admin/disputes/{id}/evidence`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::idempotency::IdempotencyKey;
use common::reply::Success;
use garde::Validate;
use messaging::idempotency::{Begin, Making};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::dispute;
use super::dispute::DisputeData;
use crate::app::dispute::answer;
use crate::app::dispute::answer::AnswerDispute;
use crate::domain::dispute_answer::AnswerKind;
use crate::domain::ids::DisputeId;
use crate::startup::AppState;

/// What is answered.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "message": "The lace was delivered on 12 January and signed for." }))]
pub(crate) struct ContestDisputeRequest {
    /// What the shop says.
    #[garde(length(chars, min = 1, max = 1000))]
    message: String,
    /// What was done for the money; what was ordered, if absent.
    #[garde(inner(length(chars, min = 1, max = 1000)))]
    #[serde(default)]
    service_details: Option<String>,
}

/// Answer a dispute with evidence: what was ordered, where it went, and which mails left, as a file and in fields.
#[utoipa::path(
    tag = "admin",
    operation_id = "contest_dispute",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The dispute", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e62"),
        ("Idempotency-Key" = String, Header, description = "Repeating a request with the same key answers the same again",
            example = "dispute-7f3a"),
    ),
    request_body = ContestDisputeRequest,
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
#[post("/admin/disputes/{id}/evidence")]
#[tracing::instrument(name = "http.contest_dispute", skip_all, fields(user.hash = caller.log_hash(), dispute.id = %id))]
pub(crate) async fn contest_dispute(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    id: Path<Uuid>,
    key: IdempotencyKey,
    body: Json<ContestDisputeRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ManagePayments)?;
    let body = body.into_inner();
    let command = AnswerDispute {
        dispute: DisputeId(*id),
        kind: AnswerKind::Evidence,
        message: text("message", &body.message)?,
        service_details: body
            .service_details
            .map(|details| text("serviceDetails", &details))
            .transpose()?,
        refund: None,
    };
    carry_out(&state, &request, &caller, &key, &command).await
}

/// Answers a dispute under the request's key.
pub(super) async fn carry_out(
    state: &AppState,
    request: &HttpRequest,
    caller: &CurrentUser,
    key: &IdempotencyKey,
    command: &AnswerDispute,
) -> Result<HttpResponse, ApiError> {
    let begun = Making::begin(&state.db, request, caller.id, Some(key), dispute::answer);
    let making = match begun.await? {
        Begin::Replay(response) => return Ok(response),
        Begin::Make(making) => making,
    };
    let made = answer::answer_dispute(state, caller, command, &making).await;
    Ok(making.finish(&state.db, made).await?.first())
}

/// Text that says something.
pub(super) fn text(field: &'static str, text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    let is_text = !text.is_empty() && !text.chars().any(char::is_control);
    if is_text {
        Ok(text.to_owned())
    } else {
        Err(ApiError::invalid(field, "must be plain text"))
    }
}
