//! `GET /admin/settlements/{id}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Path, Query};
use common::paging::PageQuery;
use common::reply::{self, Success};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::settlement::{SettledTransaction, SettlementData};
use super::wants;
use crate::app;
use crate::domain::ids::SettlementId;
use crate::startup::AppState;

/// Which of its transactions to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SettlementQuery {
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<String>,
}

/// A settlement and some of what it pays out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettlementPage {
    #[serde(flatten)]
    settlement: SettlementData,
    /// By the provider's numbers.
    transactions: Vec<SettledTransaction>,
    /// For asking for the next ones; `null` if there are none.
    next_cursor: Option<String>,
}

/// See a settlement and what it pays out.
#[utoipa::path(
    tag = "admin",
    operation_id = "get_settlement",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The settlement", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e63"),
        SettlementQuery,
    ),
    responses(
        (status = 200, description = "The settlement, and some of its transactions", body = Success<SettlementPage>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
    )
)]
#[get("/admin/settlements/{id}")]
#[tracing::instrument(name = "http.get_settlement", skip_all, fields(user.hash = caller.log_hash(), settlement.id = %id))]
pub(crate) async fn get_settlement(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
    query: Query<SettlementQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ReadPayments)?;
    let query = query.into_inner();
    let after = wants::given(query.cursor.as_deref()).unwrap_or_default();
    if !after.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ApiError::invalid("cursor", "is not a cursor of this list"));
    }
    let page = PageQuery {
        page: None,
        limit: query.limit.clone(),
    };
    let limit = usize::try_from(page.page()?.limit).map_err(ApiError::internal)?;
    let id = SettlementId(*id);
    let found = app::settlements::queries::get_settlement(&state, id, after, limit);
    let (settlement, rows, next_cursor) = found.await?;
    Ok(reply::ok(SettlementPage {
        settlement: SettlementData::from(&settlement),
        transactions: rows.into_iter().map(SettledTransaction::from).collect(),
        next_cursor,
    }))
}
