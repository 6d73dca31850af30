//! `GET /payments`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::paging::{PageQuery, Pagination};
use common::reply::{self, Success};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::payment::{Payment, sight_of};
use super::wants;
use crate::app;
use crate::domain::ids::OrderId;
use crate::startup::AppState;
use crate::store::payments::PaymentFilter;

/// Which payments to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct PaymentsQuery {
    /// Only this status.
    #[param(example = "paid")]
    status: Option<String>,
    /// Only of this order.
    #[param(value_type = Option<Uuid>)]
    order_id: Option<String>,
    /// From 1.
    #[param(minimum = 1, default = 1, value_type = Option<u32>)]
    page: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<String>,
}

/// One page of payments.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentsPage {
    /// Newest first.
    payments: Vec<Payment>,
    /// Where the page stands.
    pagination: Pagination,
}

/// List payments: the caller's own; for finance and administrators everybody's.
#[utoipa::path(
    tag = "payments",
    operation_id = "list_payments",
    security(("bearer" = [])),
    params(PaymentsQuery),
    responses(
        (status = 200, description = "A page of payments", body = Success<PaymentsPage>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
    )
)]
#[get("/payments")]
#[tracing::instrument(name = "http.list_payments", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_payments(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<PaymentsQuery>,
) -> Result<HttpResponse, ApiError> {
    let query = query.into_inner();
    let order: Option<Uuid> = wants::parsed("orderId", query.order_id.as_deref())?;
    let filter = PaymentFilter {
        user: None,
        status: wants::parsed("status", query.status.as_deref())?,
        order: order.map(OrderId),
    };
    let page = PageQuery {
        page: query.page,
        limit: query.limit,
    }
    .page()?;
    let sight = sight_of(&caller)?;
    let (payments, pagination) = app::queries::list_payments(&state, sight, filter, page).await?;
    let payments = payments.into_iter().map(Payment::from).collect();
    Ok(reply::ok(PaymentsPage {
        payments,
        pagination,
    }))
}
