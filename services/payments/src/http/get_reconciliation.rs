//! `GET /admin/reconciliation/runs/{id}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Path, Query};
use common::paging::{PageQuery, Pagination};
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::reconciliation::{ClassCount, Mismatch, ReconciliationRun, ReconciliationTotal};
use crate::app;
use crate::domain::ids::RunId;
use crate::startup::AppState;

/// A run, and what it has come to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReconciliationData {
    run: ReconciliationRun,
    /// By currency; empty until everything is added up.
    totals: Vec<ReconciliationTotal>,
    /// The classes that were found.
    classes: Vec<ClassCount>,
    /// One page of them, in the order of finding.
    mismatches: Vec<Mismatch>,
    /// Where the page of mismatches stands.
    pagination: Pagination,
}

/// Read a reconciliation run with its mismatches.
#[utoipa::path(
    tag = "admin",
    operation_id = "get_reconciliation",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The run", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"), PageQuery),
    responses(
        (status = 200, description = "The run", body = Success<ReconciliationData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
    )
)]
#[get("/admin/reconciliation/runs/{id}")]
#[tracing::instrument(name = "http.get_reconciliation", skip_all, fields(user.hash = caller.log_hash(), run.id = %id))]
pub(crate) async fn get_reconciliation(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ReadPayments)?;
    let page = query.into_inner().page()?;
    let read = app::reconcile::report::get_run(&state, RunId(*id), page);
    let (report, mismatches, pagination) = read.await?;
    Ok(reply::ok(ReconciliationData {
        run: ReconciliationRun::from(&report.run),
        totals: report
            .totals
            .iter()
            .map(ReconciliationTotal::from)
            .collect(),
        classes: report.classes.iter().map(ClassCount::from).collect(),
        mismatches: mismatches.into_iter().map(Mismatch::from).collect(),
        pagination,
    }))
}
