//! `GET /admin/ledger/trial-balance`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
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
use crate::store::ledger::BalanceRow;

/// As of when.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrialBalanceQuery {
    /// Only what was booked before this time.
    #[param(format = DateTime)]
    to: Option<String>,
}

/// An account in one currency.
#[derive(Debug, Serialize, ToSchema)]
struct AccountBalance {
    account: String,
    currency: String,
    #[schema(value_type = f64)]
    debit: SignedAmount,
    #[schema(value_type = f64)]
    credit: SignedAmount,
    /// Debit less credit.
    #[schema(value_type = f64)]
    balance: SignedAmount,
}

impl From<BalanceRow> for AccountBalance {
    fn from(row: BalanceRow) -> Self {
        Self {
            account: row.account,
            currency: row.currency,
            debit: SignedAmount::from_minor(row.debit),
            credit: SignedAmount::from_minor(row.credit),
            balance: SignedAmount::from_minor(row.debit.saturating_sub(row.credit)),
        }
    }
}

/// All accounts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrialBalanceData {
    /// Those that something was booked to.
    accounts: Vec<AccountBalance>,
    /// Whether debits and credits are the same in each currency.
    is_balanced: bool,
}

/// Add up the books.
#[utoipa::path(
    tag = "admin",
    operation_id = "get_trial_balance",
    security(("bearer" = [])),
    params(TrialBalanceQuery),
    responses(
        (status = 200, description = "Each account", body = Success<TrialBalanceData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
    )
)]
#[get("/admin/ledger/trial-balance")]
#[tracing::instrument(name = "http.get_trial_balance", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn get_trial_balance(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<TrialBalanceQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ReadPayments)?;
    let before = wants::time("to", query.to.as_deref())?;
    let rows = app::ledger::trial_balance(&state, before).await?;
    let mut off = std::collections::BTreeMap::new();
    for row in &rows {
        let sum: &mut i64 = off.entry(row.currency.clone()).or_default();
        *sum = sum.saturating_add(row.debit).saturating_sub(row.credit);
    }
    let accounts = rows.into_iter().map(AccountBalance::from).collect();
    Ok(reply::ok(TrialBalanceData {
        accounts,
        is_balanced: off.values().all(|sum| *sum == 0),
    }))
}
