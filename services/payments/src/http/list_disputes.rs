//! `GET /admin/disputes`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::paging::PageQuery;
use common::reply::{self, Success};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::dispute::Dispute;
use super::wants;
use crate::app::dispute::queries;
use crate::domain::ids::DisputeId;
use crate::startup::AppState;

/// Which disputes to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct DisputesQuery {
    /// Only this status.
    #[param(example = "awaiting_merchant_feedback")]
    status: Option<String>,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<String>,
}

/// Some disputes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DisputesData {
    /// Newest first.
    disputes: Vec<Dispute>,
    /// For asking for the next ones; `null` if there are none.
    next_cursor: Option<Uuid>,
}

/// List disputes.
#[utoipa::path(
    tag = "admin",
    operation_id = "list_disputes",
    security(("bearer" = [])),
    params(DisputesQuery),
    responses(
        (status = 200, description = "Some disputes", body = Success<DisputesData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
    )
)]
#[get("/admin/disputes")]
#[tracing::instrument(name = "http.list_disputes", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_disputes(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<DisputesQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ReadPayments)?;
    let query = query.into_inner();
    let status = wants::parsed("status", query.status.as_deref())?;
    let after: Option<Uuid> = wants::parsed("cursor", query.cursor.as_deref())?;
    let page = PageQuery {
        page: None,
        limit: query.limit,
    };
    let limit = usize::try_from(page.page()?.limit).map_err(ApiError::internal)?;
    let listed = queries::list_disputes(&state, status, after.map(DisputeId), limit).await?;
    let (disputes, next) = listed;
    Ok(reply::ok(DisputesData {
        disputes: disputes.iter().map(Dispute::from).collect(),
        next_cursor: next.map(|dispute| dispute.0),
    }))
}
