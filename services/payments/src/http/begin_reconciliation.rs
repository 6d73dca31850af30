//! `POST /admin/reconciliation/runs`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use chrono::NaiveDate;
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::idempotency::OptionalIdempotencyKey;
use common::reply::Success;
use garde::Validate;
use messaging::idempotency::{Begin, Making};
use serde::Deserialize;
use utoipa::ToSchema;

use super::reconciliation::{self, RunData};
use crate::app;
use crate::startup::AppState;

/// Which day is compared.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "date": "2026-01-12" }))]
pub(crate) struct BeginReconciliationRequest {
    /// A day in the shop's zone, up to today.
    #[garde(skip)]
    date: NaiveDate,
}

/// Compare a day with the provider once more. It is done in the background; ask for the run to see how far it is.
#[utoipa::path(
    tag = "admin",
    operation_id = "begin_reconciliation",
    security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with the same key answers the same again",
        example = "reconcile-7f3a")),
    request_body = BeginReconciliationRequest,
    responses(
        (status = 201, description = "Begun", body = Success<RunData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: a run of this date goes on; `IDEMPOTENCY_IN_PROGRESS`", body = ErrorEnvelope),
        (status = 422, description = "`IDEMPOTENCY_KEY_REUSED`", body = ErrorEnvelope),
    )
)]
#[post("/admin/reconciliation/runs")]
#[tracing::instrument(name = "http.begin_reconciliation", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn begin_reconciliation(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    key: OptionalIdempotencyKey,
    body: Json<BeginReconciliationRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ManagePayments)?;
    let date = body.into_inner().date;
    let answer = reconciliation::answer;
    let begun = Making::begin(&state.db, &request, caller.id, key.0.as_ref(), answer);
    let making = match begun.await? {
        Begin::Replay(response) => return Ok(response),
        Begin::Make(making) => making,
    };
    let made = app::reconcile::begin::begin_manual(&state, &caller, date, &making).await;
    Ok(making.finish(&state.db, made).await?.first())
}
