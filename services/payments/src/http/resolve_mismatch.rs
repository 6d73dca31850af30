//! `POST /admin/reconciliation/runs/{id}/mismatches/{mismatchId}/resolve`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::reply::{self, Success};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::reconciliation::{Mismatch, MismatchData};
use crate::app;
use crate::domain::ids::{MismatchId, RunId, UserId};
use crate::startup::AppState;
use crate::store::reconciliation::mismatches::Resolution;

/// What became of a mismatch.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// One side was put right.
    Corrected,
    /// It is as it should be.
    Accepted,
    /// The difference is borne.
    WrittenOff,
    /// There was none.
    FalseAlarm,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Corrected => "corrected",
            Self::Accepted => "accepted",
            Self::WrittenOff => "written_off",
            Self::FalseAlarm => "false_alarm",
        }
    }
}

/// What became of a mismatch, and why.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "outcome": "corrected", "note": "the provider booked it on the next day" }))]
pub(crate) struct ResolveMismatchRequest {
    #[garde(skip)]
    outcome: Outcome,
    /// For those who look at it later.
    #[garde(length(chars, min = 1, max = 1_000))]
    note: String,
}

/// Note what became of a mismatch that people had to look at.
#[utoipa::path(
    tag = "admin",
    operation_id = "resolve_mismatch",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The run", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("mismatchId" = Uuid, Path, description = "The mismatch", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e60"),
    ),
    request_body = ResolveMismatchRequest,
    responses(
        (status = 200, description = "Resolved", body = Success<MismatchData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: nobody has to look at it any more, or not yet", body = ErrorEnvelope),
    )
)]
#[post("/admin/reconciliation/runs/{id}/mismatches/{mismatchId}/resolve")]
#[tracing::instrument(name = "http.resolve_mismatch", skip_all, fields(user.hash = caller.log_hash(), mismatch.id = %ids.1))]
pub(crate) async fn resolve_mismatch(
    state: Data<AppState>,
    caller: CurrentUser,
    ids: Path<(Uuid, Uuid)>,
    body: Json<ResolveMismatchRequest>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ManagePayments)?;
    let body = body.into_inner();
    let note = body.note.trim();
    if note.is_empty() || note.contains('\0') {
        return Err(ApiError::invalid("note", "must be plain text"));
    }
    let resolution = Resolution {
        by: UserId(caller.id),
        outcome: body.outcome.name(),
        note: note.to_owned(),
    };
    let (run, id) = *ids;
    let named = (RunId(run), MismatchId(id));
    let resolved =
        app::reconcile::resolve::resolve_mismatch(&state, &caller, named, &resolution).await?;
    Ok(reply::ok(MismatchData {
        mismatch: Mismatch::from(resolved),
    }))
}
