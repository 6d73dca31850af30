//! `POST /admin/settlements/bank-credits/import`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::csv::{ImportQuery, Mode, Records, RowError};
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::reply::{self, Success};
use money::{Amount, Currency};
use serde::Serialize;
use utoipa::ToSchema;

use super::{bank_credit, wants};
use crate::app::settlements::bank_credits::EnterBankCredit;
use crate::app::settlements::import_bank_credits::{BATCH, Import, Row};
use crate::startup::AppState;

/// What a file names, each of it.
const COLUMNS: [&str; 4] = ["reference", "currency", "amount", "valueDate"];

/// What became of the file.
#[derive(Serialize, ToSchema)]
pub(super) struct BankCreditsImportData {
    import: BankCreditsImport,
}

/// What became of each row.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BankCreditsImport {
    is_dry_run: bool,
    /// Rows after the header.
    rows: u64,
    /// Rows that were entered, or would be.
    entered: u64,
    /// Rows that were entered before.
    unchanged: u64,
    /// Rows that were left out.
    failed: u64,
    /// Why: the first thousand of them.
    errors: Vec<RowError>,
}

/// Enter what the shop's bank shows, from a CSV file.
///
/// The first line names the columns: `reference`, `currency`, `amount` and `valueDate`. The file is worked through while it comes:
/// rows that are wrong are left out and listed, and when a file breaks off, the rows before are taken. A reference is entered once,
/// so the same file may be sent again. What can only belong to one settlement is matched at once.
#[utoipa::path(
    tag = "admin",
    operation_id = "import_bank_credits",
    security(("bearer" = [])),
    params(ImportQuery),
    request_body(content = String, content_type = "text/csv",
        example = "reference,currency,amount,valueDate\nNIP/PSK/000123,NGN,2970.00,2026-01-14\n"),
    responses(
        (status = 200, description = "What became of it", body = Success<BankCreditsImportData>),
        (status = 400, description = "`VALIDATION_ERROR`: no such header, or the file broke off", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
        (status = 413, description = "`PAYLOAD_TOO_LARGE`", body = ErrorEnvelope),
        (status = 415, description = "`UNSUPPORTED_MEDIA_TYPE`: anything but text/csv in UTF-8", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: the database is away; rows before are taken", body = ErrorEnvelope),
    )
)]
#[post("/admin/settlements/bank-credits/import")]
#[tracing::instrument(name = "http.import_bank_credits", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn import_bank_credits(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<ImportQuery>,
    mut records: Records,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ManagePayments)?;
    let mode = query.mode()?;
    let columns = records.header(&COLUMNS).await?;
    if columns.len() < COLUMNS.len() {
        let message = format!("must name {}", COLUMNS.join(", "));
        return Err(ApiError::invalid("header", message));
    }
    let mut import = Import::new(mode);
    let mut batch: Vec<Row> = Vec::with_capacity(BATCH);
    while let Some(record) = records.next().await? {
        let number = records.number();
        match record.and_then(|fields| row(&columns, number, &fields)) {
            Ok(row) => batch.push(row),
            Err(error) => import.refused.add(error),
        }
        if batch.len() == BATCH {
            let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
            import.take(&state, &caller, full).await?;
        }
    }
    import.take(&state, &caller, batch).await?;
    let import = report(import, records.number().saturating_sub(1));
    Ok(reply::ok(BankCreditsImportData { import }))
}

/// Reads a record after the first.
fn row(columns: &[&str], number: u64, fields: &[String]) -> Result<Row, RowError> {
    if fields.len() != columns.len() {
        let message = format!("must have {} columns", columns.len());
        return Err(RowError::whole(number, &message));
    }
    let field = |name: &str| {
        let mut named = columns.iter().zip(fields);
        let found = named.find(|(column, _)| **column == name);
        found.map_or("", |(_, text)| text.as_str())
    };
    match credit(field) {
        Ok(credit) => Ok(Row { number, credit }),
        Err(error) => Err(match error.details().first() {
            Some(detail) => RowError::of(number, &detail.field, &detail.message),
            None => RowError::whole(number, &error),
        }),
    }
}

fn credit<'a>(field: impl Fn(&str) -> &'a str) -> Result<EnterBankCredit, ApiError> {
    let missing = |name: &'static str| move || ApiError::invalid(name, "is required");
    let currency: Option<Currency> = wants::parsed("currency", Some(field("currency")))?;
    let currency = currency.ok_or_else(missing("currency"))?;
    let amount: Option<Amount> = wants::parsed("amount", Some(field("amount")))?;
    let amount = amount.ok_or_else(missing("amount"))?;
    let value_date = wants::date("valueDate", Some(field("valueDate")))?;
    Ok(EnterBankCredit {
        reference: bank_credit::reference(field("reference"))?,
        amount: bank_credit::something(amount.in_currency(currency))?,
        value_date: value_date.ok_or_else(missing("valueDate"))?,
    })
}

fn report(import: Import, rows: u64) -> BankCreditsImport {
    BankCreditsImport {
        is_dry_run: import.mode == Mode::Try,
        rows,
        entered: import.entered,
        unchanged: import.unchanged,
        failed: import.refused.count,
        errors: import.refused.errors,
    }
}
