//! `GET /admin/settlements/bank-credits`.

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

use super::bank_credit::BankCredit;
use super::{day_cursor, wants};
use crate::app;
use crate::startup::AppState;
use crate::store::bank_credits::CreditFilter;

/// Which credits to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BankCreditsQuery {
    /// Only of this currency.
    #[param(example = "NGN")]
    currency: Option<String>,
    /// Only those that belong to a settlement, or only the others.
    #[param(value_type = Option<bool>)]
    matched: Option<String>,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<String>,
}

/// Some credits.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BankCreditsPage {
    /// Newest first.
    bank_credits: Vec<BankCredit>,
    /// For asking for the next ones; `null` if there are none.
    next_cursor: Option<String>,
}

/// List what was entered of the bank's credits.
#[utoipa::path(
    tag = "admin",
    operation_id = "list_bank_credits",
    security(("bearer" = [])),
    params(BankCreditsQuery),
    responses(
        (status = 200, description = "Some credits", body = Success<BankCreditsPage>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
    )
)]
#[get("/admin/settlements/bank-credits")]
#[tracing::instrument(name = "http.list_bank_credits", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_bank_credits(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<BankCreditsQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ReadPayments)?;
    let query = query.into_inner();
    let filter = CreditFilter {
        currency: wants::currency("currency", query.currency.as_deref())?,
        matched: wants::flag("matched", query.matched.as_deref())?,
        after: day_cursor::read(query.cursor.as_deref())?,
    };
    let page = PageQuery {
        page: None,
        limit: query.limit,
    };
    let limit = usize::try_from(page.page()?.limit).map_err(ApiError::internal)?;
    let found = app::settlements::queries::list_bank_credits(&state, &filter, limit);
    let (rows, next) = found.await?;
    Ok(reply::ok(BankCreditsPage {
        bank_credits: rows.iter().map(BankCredit::from).collect(),
        next_cursor: next.map(day_cursor::write),
    }))
}
