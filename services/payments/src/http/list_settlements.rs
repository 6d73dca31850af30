//! `GET /admin/settlements`.

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

use super::settlement::Settlement;
use super::{day_cursor, wants};
use crate::app;
use crate::startup::AppState;
use crate::store::settlement_lists::SettlementFilter;

/// Which settlements to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SettlementsQuery {
    /// Only this status.
    #[param(example = "success")]
    status: Option<String>,
    /// Only of this currency.
    #[param(example = "NGN")]
    currency: Option<String>,
    /// Only those that the bank's credit is known of, or only the others.
    #[param(value_type = Option<bool>)]
    matched: Option<String>,
    /// From this day on.
    #[param(format = Date)]
    from: Option<String>,
    /// Up to this day, and that one too.
    #[param(format = Date)]
    to: Option<String>,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<String>,
}

/// Some settlements.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettlementsPage {
    /// Newest first.
    settlements: Vec<Settlement>,
    /// For asking for the next ones; `null` if there are none.
    next_cursor: Option<String>,
}

/// List what the provider pays out.
#[utoipa::path(
    tag = "admin",
    operation_id = "list_settlements",
    security(("bearer" = [])),
    params(SettlementsQuery),
    responses(
        (status = 200, description = "Some settlements", body = Success<SettlementsPage>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
    )
)]
#[get("/admin/settlements")]
#[tracing::instrument(name = "http.list_settlements", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_settlements(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<SettlementsQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ReadPayments)?;
    let query = query.into_inner();
    let filter = SettlementFilter {
        status: wants::parsed("status", query.status.as_deref())?,
        currency: wants::currency("currency", query.currency.as_deref())?,
        matched: wants::flag("matched", query.matched.as_deref())?,
        from: wants::date("from", query.from.as_deref())?,
        to: wants::date("to", query.to.as_deref())?,
        after: day_cursor::read(query.cursor.as_deref())?,
    };
    let page = PageQuery {
        page: None,
        limit: query.limit,
    };
    let limit = usize::try_from(page.page()?.limit).map_err(ApiError::internal)?;
    let found = app::settlements::queries::list_settlements(&state, &filter, limit);
    let (rows, next) = found.await?;
    Ok(reply::ok(SettlementsPage {
        settlements: rows.iter().map(Settlement::from).collect(),
        next_cursor: next.map(day_cursor::write),
    }))
}
