//! `POST /admin/attention/{id}/close`.

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

use super::attention::AttentionData;
use super::wants;
use crate::app;
use crate::app::close_attention::{CloseAttention, UnknownConclusion};
use crate::startup::AppState;
use crate::store::attention::ItemRow;

/// What became of it.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "outcome": "resolved", "note": "the order was entered by hand" }))]
pub(crate) struct CloseAttentionRequest {
    /// `resolved` (something was done), `accepted` (it stays as it is) or `false_alarm`.
    #[garde(skip)]
    outcome: String,
    /// What was found or done.
    #[garde(length(chars, min = 1, max = 500))]
    note: String,
}

/// Say what became of something that people had to look at.
#[utoipa::path(
    tag = "admin",
    operation_id = "close_attention",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The item", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e62"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with the same key answers the same again",
            example = "close-7f3a"),
    ),
    request_body = CloseAttentionRequest,
    responses(
        (status = 200, description = "Closed", body = Success<AttentionData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: it is closed already; `IDEMPOTENCY_IN_PROGRESS`", body = ErrorEnvelope),
        (status = 422, description = "`IDEMPOTENCY_KEY_REUSED`", body = ErrorEnvelope),
    )
)]
#[post("/admin/attention/{id}/close")]
#[tracing::instrument(name = "http.close_attention", skip_all, fields(user.hash = caller.log_hash(), attention.id = %id))]
pub(crate) async fn close_attention(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    id: Path<Uuid>,
    key: OptionalIdempotencyKey,
    body: Json<CloseAttentionRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ManagePayments)?;
    let body = body.into_inner();
    let command = CloseAttention {
        item: *id,
        conclusion: body.outcome.parse().map_err(|unknown: UnknownConclusion| {
            ApiError::invalid("outcome", unknown.to_string())
        })?,
        note: wants::plain_text("note", &body.note)?,
    };
    let begun = Making::begin(&state.db, &request, caller.id, key.0.as_ref(), answer);
    let making = match begun.await? {
        Begin::Replay(response) => return Ok(response),
        Begin::Make(making) => making,
    };
    let closed = app::close_attention::close_attention(&state, &caller, &command, &making).await;
    Ok(making.finish(&state.db, closed).await?.first())
}

fn answer(row: &ItemRow) -> serde_json::Result<StoredResponse> {
    StoredResponse::json(StatusCode::OK, &Success::new(AttentionData::from(row)))
}
