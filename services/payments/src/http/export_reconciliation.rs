//! `GET /admin/reconciliation/runs/{id}/report.csv`.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, get};
use chrono::{DateTime, SecondsFormat, Utc};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Path;
use csv::Writer;
use futures_util::stream::{self, StreamExt as _};
use money::SignedAmount;
use serde_json::Value;
use uuid::Uuid;

use crate::app;
use crate::domain::ids::RunId;
use crate::startup::AppState;
use crate::store::reconciliation::mismatches::Mismatch;

/// Rows that are read at a time.
const ROWS: i64 = 500;
/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

const COLUMNS: [&str; 19] = [
    "mismatchId",
    "class",
    "state",
    "remedy",
    "paymentId",
    "orderId",
    "refundId",
    "reference",
    "gatewayId",
    "ourStatus",
    "ourAmount",
    "ourCurrency",
    "theirStatus",
    "theirAmount",
    "theirCurrency",
    "theirFees",
    "foundAt",
    "outcome",
    "note",
];

/// Read all mismatches of a run as a CSV file.
#[utoipa::path(
    tag = "admin",
    operation_id = "export_reconciliation",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The run", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "A row for each mismatch, while it is being read", body = String, content_type = "text/csv"),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for finance and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: the database is away", body = ErrorEnvelope),
    )
)]
#[get("/admin/reconciliation/runs/{id}/report.csv")]
#[tracing::instrument(name = "http.export_reconciliation", skip_all, fields(user.hash = caller.log_hash(), run.id = %id))]
pub(crate) async fn export_reconciliation(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::ReadPayments)?;
    let run = app::reconcile::report::find_run(&state, RunId(*id)).await?;
    let (header, first) = (header()?, page(&state, run.id, None).await?);
    // A connection is held for a page at a time, however slowly the file is taken.
    let begun_at = (state, run.id, first.1);
    let rest = stream::try_unfold(begun_at, async |(state, run, last)| {
        let Some(last) = last else {
            return Ok::<_, ApiError>(None);
        };
        let (bytes, next) = page(&state, run, Some(last)).await?;
        Ok(Some((bytes, (state, run, next))))
    });
    let begun = stream::iter([Ok(header), Ok(first.0)]);
    let name = format!(
        "attachment; filename=\"reconciliation-{}.csv\"",
        run.business_date
    );
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, name))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(begun.chain(rest)))
}

fn header() -> Result<Bytes, ApiError> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(ApiError::internal)?;
    written(writer)
}

/// Some mismatches, and after which one to go on.
async fn page(
    state: &AppState,
    run: RunId,
    last: Option<Uuid>,
) -> Result<(Bytes, Option<Uuid>), ApiError> {
    let rows = app::reconcile::report::mismatches_after(state, run, last, ROWS).await?;
    let is_last = i64::try_from(rows.len()).is_ok_and(|count| count < ROWS);
    let mut writer = Writer::from_writer(Vec::new());
    for row in &rows {
        writer
            .write_record(record(row))
            .map_err(ApiError::internal)?;
    }
    let next = rows.last().map(|row| row.id).filter(|_| !is_last);
    Ok((written(writer)?, next))
}

fn written(writer: Writer<Vec<u8>>) -> Result<Bytes, ApiError> {
    let bytes = writer.into_inner();
    Ok(bytes
        .map_err(|error| ApiError::internal(error.to_string()))?
        .into())
}

/// The fields of a row, in the order of the columns.
fn record(row: &Mismatch) -> [String; 19] {
    let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let text = |text: &Option<String>| harmless(text.as_deref().unwrap_or_default());
    let (ours, theirs) = (row.ours.as_ref(), row.theirs.as_ref());
    [
        row.id.to_string(),
        row.class.clone(),
        row.state.clone(),
        row.remedy.clone(),
        id(row.payment_id),
        id(row.order_id),
        id(row.refund_id),
        text(&row.reference),
        text(&row.gateway_id),
        word(ours, &["status"]),
        amount(ours, &["paidMinor", "amountMinor", "dueMinor"]),
        word(ours, &["paidCurrency", "currency", "dueCurrency"]),
        word(theirs, &["status"]),
        amount(theirs, &["amountMinor"]),
        word(theirs, &["currency"]),
        amount(theirs, &["feesMinor"]),
        time(row.found_at),
        text(&row.outcome),
        text(&row.note),
    ]
}

/// The first of these fields that is there.
fn field<'a>(facts: Option<&'a Value>, names: &[&str]) -> Option<&'a Value> {
    let facts = facts?;
    let found = names.iter().filter_map(|name| facts.get(name));
    found.into_iter().find(|value| !value.is_null())
}

fn word(facts: Option<&Value>, names: &[&str]) -> String {
    let text = field(facts, names).and_then(Value::as_str);
    harmless(text.unwrap_or_default())
}

fn amount(facts: Option<&Value>, names: &[&str]) -> String {
    let minor = field(facts, names).and_then(Value::as_i64);
    minor.map_or_else(String::new, |minor| {
        SignedAmount::from_minor(minor).to_string()
    })
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Text that others wrote, so that no spreadsheet takes it for a formula.
fn harmless(text: &str) -> String {
    if text.starts_with(FORMULA) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_others_wrote_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        for text in ["", "AGP-1-1", "paid at the desk"] {
            assert_eq!(harmless(text), text);
        }
    }
}
