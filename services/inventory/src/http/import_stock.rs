//! `POST /admin/inventory/import`.

mod columns;

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::csv::{ImportQuery, Mode, Records, RowError};
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;

use self::columns::{COLUMNS, Columns};
use crate::app::import_stock::{BATCH, Import, Row};
use crate::startup::AppState;

/// What became of the file.
#[derive(Serialize, ToSchema)]
pub(super) struct ImportData {
    import: ImportReport,
}

/// What became of each row.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ImportReport {
    is_dry_run: bool,
    /// Rows after the header.
    rows: u64,
    /// Rows that changed something, or would.
    changed: u64,
    /// Rows that say what was so already.
    unchanged: u64,
    /// Rows that were left out.
    failed: u64,
    /// Why: the first thousand of them.
    errors: Vec<RowError>,
}

/// Take over what was counted, from a CSV file.
///
/// The first line names the columns: `variantId` or `sku`, `onHand` or `lowStockThreshold` or both, and `reason` if wanted. An
/// empty field leaves things as they are. The file is worked through while it comes: rows that are wrong are left out and
/// listed, and when a file breaks off, the rows before are taken. Numbers are set and not added, so the same file may be sent
/// again.
#[utoipa::path(
    tag = "admin",
    operation_id = "import_stock",
    security(("bearer" = [])),
    params(ImportQuery),
    request_body(content = String, content_type = "text/csv", example = "sku,onHand,reason\nLACE-ROYAL-5Y,50,counted\n"),
    responses(
        (status = 200, description = "What became of it", body = Success<ImportData>),
        (status = 400, description = "`VALIDATION_ERROR`: no such header, or the file broke off", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 413, description = "`PAYLOAD_TOO_LARGE`", body = ErrorEnvelope),
        (status = 415, description = "`UNSUPPORTED_MEDIA_TYPE`: anything but text/csv in UTF-8", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: the database is away; rows before are taken", body = ErrorEnvelope),
    )
)]
#[post("/admin/inventory/import")]
#[tracing::instrument(name = "http.import_stock", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn import_stock(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<ImportQuery>,
    mut records: Records,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditInventory)?;
    let mode = query.mode()?;
    let columns = Columns::of(records.header(&COLUMNS).await?)?;
    let mut import = Import::new(mode);
    let mut batch: Vec<Row> = Vec::with_capacity(BATCH);
    while let Some(record) = records.next().await? {
        let number = records.number();
        match record.and_then(|fields| columns.row(number, fields)) {
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
    Ok(reply::ok(ImportData { import }))
}

fn report(import: Import, rows: u64) -> ImportReport {
    ImportReport {
        is_dry_run: import.mode == Mode::Try,
        rows,
        changed: import.changed,
        unchanged: import.unchanged,
        failed: import.refused.count,
        errors: import.refused.errors,
    }
}
