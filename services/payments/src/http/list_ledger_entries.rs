//! `GET /admin/ledger`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, Utc};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::paging::PageQuery;
use common::reply::{self, Success};
use money::SignedAmount;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{time_cursor, wants};
use crate::app;
use crate::startup::AppState;
use crate::store::ledger::{EntryFilter, EntryRow, Position};

/// Which entries to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LedgerQuery {
    /// Only of this account: `gateway_clearing`, `suspense`, `sales`, `fee_surcharge`, `refunds`, `refunds_payable`, `fees`,
    /// `bank` or `chargebacks`.
    #[param(example = "sales")]
    account: Option<String>,
    /// From this time on.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Before this time.
    #[param(format = DateTime)]
    to: Option<String>,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
    limit: Option<String>,
}

/// One side of something that was booked.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LedgerEntry {
    /// Its number in the books.
    seq: i64,
    /// What it was booked with; the entries of one transaction add up to nothing.
    transaction_id: Uuid,
    /// Why: `capture`, `keep`, `refund_requested`, `refund_processed`, `refund_failed`, `refund_returned`, `refund_reinstated`,
    /// `fees`, `settlement`, `chargeback` or `chargeback_returned`.
    kind: String,
    account: String,
    /// One of the two is nothing.
    #[schema(value_type = f64)]
    debit: SignedAmount,
    #[schema(value_type = f64)]
    credit: SignedAmount,
    currency: String,
    /// `null` for a settlement, which is about many payments.
    payment_id: Option<Uuid>,
    order_id: Option<Uuid>,
    refund_id: Option<Uuid>,
    at: DateTime<Utc>,
}

impl LedgerEntry {
    fn of(row: EntryRow) -> Result<Self, ApiError> {
        let minor = row.amount_minor().map_err(ApiError::internal)?;
        Ok(Self {
            seq: row.seq,
            transaction_id: row.transaction_id,
            kind: row.kind,
            account: row.account,
            debit: SignedAmount::from_minor(minor.max(0)),
            credit: SignedAmount::from_minor(minor.min(0).saturating_neg()),
            currency: row.currency,
            payment_id: row.payment_id,
            order_id: row.order_id,
            refund_id: row.refund_id,
            at: row.occurred_at,
        })
    }
}

/// Some entries.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LedgerData {
    /// Newest first.
    entries: Vec<LedgerEntry>,
    /// For asking for the next ones; `null` if there are none.
    next_cursor: Option<String>,
}

/// List what was booked.
#[utoipa::path(
    tag = "admin",
    operation_id = "list_ledger_entries",
    security(("bearer" = [])),
    params(LedgerQuery),
    responses(
        (status = 200, description = "Some entries", body = Success<LedgerData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
    )
)]
#[get("/admin/ledger")]
#[tracing::instrument(name = "http.list_ledger_entries", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_ledger_entries(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<LedgerQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ReadPayments)?;
    let query = query.into_inner();
    let filter = EntryFilter {
        account: wants::parsed("account", query.account.as_deref())?,
        from: wants::time("from", query.from.as_deref())?,
        to: wants::time("to", query.to.as_deref())?,
        after: time_cursor::read(query.cursor.as_deref())?
            .map(|(occurred_at, seq)| Position { occurred_at, seq }),
    };
    let page = PageQuery {
        page: None,
        limit: query.limit,
    };
    let limit = usize::try_from(page.page()?.limit).map_err(ApiError::internal)?;
    let (rows, next) = app::ledger::list_entries(&state, &filter, limit).await?;
    let entries: Result<Vec<LedgerEntry>, ApiError> =
        rows.into_iter().map(LedgerEntry::of).collect();
    Ok(reply::ok(LedgerData {
        entries: entries?,
        next_cursor: next.map(|next| time_cursor::write((next.occurred_at, next.seq))),
    }))
}
