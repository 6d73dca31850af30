//! `GET /admin/reconciliation/runs`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::paging::{PageQuery, Pagination};
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;

use super::reconciliation::ReconciliationRun;
use crate::app;
use crate::startup::AppState;

/// One page of runs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunsPage {
    /// Newest first.
    runs: Vec<ReconciliationRun>,
    /// Where the page stands.
    pagination: Pagination,
}

/// List reconciliation runs.
#[utoipa::path(
    tag = "admin",
    operation_id = "list_reconciliations",
    security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "A page of runs", body = Success<RunsPage>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
    )
)]
#[get("/admin/reconciliation/runs")]
#[tracing::instrument(name = "http.list_reconciliations", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_reconciliations(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ReadPayments)?;
    let page = query.into_inner().page()?;
    let (runs, pagination) = app::reconcile::report::list_runs(&state, page).await?;
    let runs = runs.iter().map(ReconciliationRun::from).collect();
    Ok(reply::ok(RunsPage { runs, pagination }))
}
