//! `GET /admin/orders`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::paging::{PageQuery, Pagination};
use common::reply::{self, Success};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::list_orders::status_of;
use super::order::StaffOrderBody;
use crate::app::queries;
use crate::startup::AppState;
use crate::store::listing::Filter;

/// The longest search text, in characters: as long as the longest e-mail address.
const SEARCH_CHARS_MAX: usize = 254;

/// Which orders to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AnyOrdersQuery {
    /// Only orders that are this.
    #[param(example = "processing")]
    status: Option<String>,
    /// An order number, an e-mail address, or the id of an order or a buyer.
    #[param(example = "AGP-20260113-7K3QXN9D4T")]
    search: Option<String>,
    /// Ordered at this time or later; a bare date is its beginning in the shop's zone.
    #[param(example = "2026-01-01")]
    from: Option<String>,
    /// Ordered before this time; a bare date is its end in the shop's zone.
    #[param(example = "2026-01-31")]
    to: Option<String>,
    /// From 1.
    #[param(minimum = 1, default = 1, value_type = Option<u32>)]
    page: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<String>,
}

/// One page of orders.
#[derive(Serialize, ToSchema)]
pub(crate) struct AnyOrdersData {
    /// Newest first.
    orders: Vec<StaffOrderBody>,
    pagination: Pagination,
}

/// Which end of a day a bare date stands for.
#[derive(Clone, Copy)]
enum End {
    Begin,
    End,
}

fn instant(
    field: &'static str,
    text: Option<&String>,
    zone: Tz,
    end: End,
) -> Result<Option<DateTime<Utc>>, ApiError> {
    let Some(text) = text.map(|text| text.trim()).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let refusal = || {
        ApiError::invalid(
            field,
            "must be a date or a time such as 2026-01-13T10:30:00Z",
        )
    };
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        let is_usual = (1..=9_999).contains(&instant.year());
        return is_usual.then(|| Some(instant.to_utc())).ok_or_else(refusal);
    }
    let day: Option<NaiveDate> = text.parse().ok();
    let day = day.filter(|day| (1..=9_999).contains(&day.year()));
    let day = day.and_then(|day| match end {
        End::Begin => Some(day),
        End::End => day.checked_add_days(Days::new(1)),
    });
    let begin = day.and_then(|day| {
        day.and_time(NaiveTime::MIN)
            .and_local_timezone(zone)
            .earliest()
    });
    let begin = begin.map(|begin| begin.to_utc());
    begin.map(Some).ok_or_else(refusal)
}

fn is_searchable(text: &str) -> bool {
    text.chars().count() <= SEARCH_CHARS_MAX && !text.chars().any(char::is_control)
}

/// List orders.
#[utoipa::path(
    tag = "admin",
    operation_id = "list_any_orders",
    security(("bearer" = [])),
    params(AnyOrdersQuery),
    responses(
        (status = 200, description = "A page of orders", body = Success<AnyOrdersData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for staff who may read orders", body = ErrorEnvelope),
    )
)]
#[get("/admin/orders")]
#[tracing::instrument(name = "http.list_any_orders", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_any_orders(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<AnyOrdersQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ReadOrders)?;
    let query = query.into_inner();
    let zone = state.settings.time_zone;
    let search = query.search.filter(|text| !text.trim().is_empty());
    if search.as_ref().is_some_and(|text| !is_searchable(text)) {
        return Err(ApiError::invalid(
            "search",
            "must have at most 254 characters, and no control characters",
        ));
    }
    let filter = Filter {
        status: status_of(query.status.as_ref())?,
        search: search.map(|text| queries::search_for(&state, &text)),
        from: instant("from", query.from.as_ref(), zone, End::Begin)?,
        to: instant("to", query.to.as_ref(), zone, End::End)?,
        ..Filter::default()
    };
    let page = PageQuery {
        page: query.page,
        limit: query.limit,
    }
    .page()?;
    let (views, pagination) = queries::list(&state, &filter, page).await?;
    let orders = views
        .iter()
        .map(StaffOrderBody::of)
        .collect::<Result<_, _>>()?;
    Ok(reply::ok(AnyOrdersData { orders, pagination }))
}
