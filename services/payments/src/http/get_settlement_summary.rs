//! `GET /admin/settlements/summary`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::NaiveDate;
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::reply::{self, Success};
use money::SignedAmount;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::wants;
use crate::app;
use crate::startup::AppState;
use crate::store::settlement_lists::DayRow;

/// Of which day.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SummaryQuery {
    /// The day of payment, by the provider.
    #[param(format = Date, required = true, example = "2026-01-14")]
    date: Option<String>,
}

/// What was paid out in one currency.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CurrencySums {
    currency: String,
    /// How many there are.
    settlements: i64,
    /// What buyers paid.
    #[schema(value_type = f64)]
    gross: SignedAmount,
    /// What the provider kept.
    #[schema(value_type = f64)]
    fees: SignedAmount,
    /// What it held back for refunds and chargebacks.
    #[schema(value_type = f64)]
    deductions: SignedAmount,
    /// What it paid out.
    #[schema(value_type = f64)]
    net: SignedAmount,
    /// What arrived of that at the bank, whenever it did.
    #[schema(value_type = f64)]
    credited: SignedAmount,
    /// What arrived, less what was paid out.
    #[schema(value_type = f64)]
    difference: SignedAmount,
}

impl From<DayRow> for CurrencySums {
    fn from(row: DayRow) -> Self {
        Self {
            currency: row.currency,
            settlements: row.settlements,
            gross: SignedAmount::from_minor(row.gross),
            fees: SignedAmount::from_minor(row.fees),
            deductions: SignedAmount::from_minor(row.deductions),
            net: SignedAmount::from_minor(row.net),
            credited: SignedAmount::from_minor(row.credited),
            difference: SignedAmount::from_minor(row.credited.saturating_sub(row.net)),
        }
    }
}

/// The sums of a day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SummaryData {
    date: NaiveDate,
    /// Those in which something was paid out.
    currencies: Vec<CurrencySums>,
}

/// Add up what was paid out on a day.
#[utoipa::path(
    tag = "admin",
    operation_id = "get_settlement_summary",
    security(("bearer" = [])),
    params(SummaryQuery),
    responses(
        (status = 200, description = "Each currency", body = Success<SummaryData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
    )
)]
#[get("/admin/settlements/summary")]
#[tracing::instrument(name = "http.get_settlement_summary", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn get_settlement_summary(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<SummaryQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ReadPayments)?;
    let date = wants::date("date", query.date.as_deref())?;
    let date = date.ok_or_else(|| ApiError::invalid("date", "is required"))?;
    let rows = app::settlements::queries::sum_of_day(&state, date).await?;
    Ok(reply::ok(SummaryData {
        date,
        currencies: rows.into_iter().map(CurrencySums::from).collect(),
    }))
}
