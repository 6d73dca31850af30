//! `GET /admin/refunds`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::paging::{PageQuery, Pagination};
use common::reply::{self, Success};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::refund::Refund;
use super::wants;
use crate::app;
use crate::domain::ids::PaymentId;
use crate::startup::AppState;
use crate::store::refunds::RefundFilter;

/// Which refunds to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct RefundsQuery {
    /// Only this status.
    #[param(example = "needs_attention")]
    status: Option<String>,
    /// Only of this payment.
    #[param(value_type = Option<Uuid>)]
    payment_id: Option<String>,
    /// From 1.
    #[param(minimum = 1, default = 1, value_type = Option<u32>)]
    page: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<String>,
}

/// One page of refunds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefundsPage {
    /// Newest first.
    refunds: Vec<Refund>,
    /// Where the page stands.
    pagination: Pagination,
}

/// List refunds.
#[utoipa::path(
    tag = "admin",
    operation_id = "list_refunds",
    security(("bearer" = [])),
    params(RefundsQuery),
    responses(
        (status = 200, description = "A page of refunds", body = Success<RefundsPage>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
    )
)]
#[get("/admin/refunds")]
#[tracing::instrument(name = "http.list_refunds", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_refunds(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<RefundsQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ReadPayments)?;
    let query = query.into_inner();
    let payment: Option<Uuid> = wants::parsed("paymentId", query.payment_id.as_deref())?;
    let filter = RefundFilter {
        status: wants::parsed("status", query.status.as_deref())?,
        payment: payment.map(PaymentId),
    };
    let page = PageQuery {
        page: query.page,
        limit: query.limit,
    }
    .page()?;
    let (refunds, pagination) = app::queries::list_refunds(&state, &filter, page).await?;
    let refunds = refunds.iter().map(Refund::from).collect();
    Ok(reply::ok(RefundsPage {
        refunds,
        pagination,
    }))
}
