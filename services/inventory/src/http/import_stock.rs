//! `POST /admin/inventory/import`.

mod columns;
mod records;

use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, post};
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::reply::{self, Success};
use common::{ApiError, ErrorCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use self::columns::Columns;
use self::records::Records;
use crate::app::import_stock::{BATCH, Import, Mode, Row, RowError};
use crate::startup::AppState;

/// How to import.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// `true`: says what would happen and changes nothing.
    #[param(value_type = Option<bool>)]
    dry_run: Option<String>,
}

impl ImportQuery {
    fn mode(&self) -> Result<Mode, ApiError> {
        match self.dry_run.as_deref().unwrap_or_default() {
            "" | "false" => Ok(Mode::Apply),
            "true" => Ok(Mode::Try),
            _ => Err(ApiError::invalid("dryRun", "must be true or false")),
        }
    }
}

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
    errors: Vec<ImportRowError>,
}

/// Why a row was left out.
#[derive(Serialize, ToSchema)]
struct ImportRowError {
    /// The header is row 1.
    #[schema(example = 2)]
    row: u64,
    /// Null where it is the whole row.
    #[schema(example = "onHand")]
    field: Option<&'static str>,
    #[schema(example = "must be a whole number from 0 to 1000000000")]
    message: String,
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
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditInventory)?;
    let mode = query.mode()?;
    require_csv(&request)?;
    let mut records = Records::of(payload);
    let header = records.next().await?;
    let header = header.ok_or_else(|| ApiError::invalid("body", "must not be empty"))?;
    let columns = header.map_err(|why| ApiError::invalid("header", why))?;
    let columns = Columns::parse(&columns)?;
    let mut import = Import::new(mode);
    let mut batch: Vec<Row> = Vec::with_capacity(BATCH);
    let mut number = 1;
    while let Some(record) = records.next().await? {
        number += 1;
        let record = record.map_err(|why| RowError {
            row: number,
            field: None,
            message: why.to_owned(),
        });
        match record.and_then(|fields| columns.row(number, fields)) {
            Ok(row) => batch.push(row),
            Err(error) => import.refuse(error),
        }
        if batch.len() == BATCH {
            let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
            import.take(&state, &caller, full).await?;
        }
    }
    import.take(&state, &caller, batch).await?;
    Ok(reply::ok(ImportData {
        import: import.into(),
    }))
}

fn require_csv(request: &HttpRequest) -> Result<(), ApiError> {
    let refuse = || {
        ApiError::new(
            ErrorCode::UnsupportedMediaType,
            "Content-Type must be text/csv in UTF-8, and the body not encoded",
        )
    };
    let mime = request.mime_type().map_err(|_malformed| refuse())?;
    let mime = mime.ok_or_else(refuse)?;
    let is_csv = mime.type_() == "text" && mime.subtype() == "csv";
    let is_utf8 = mime.get_param("charset").is_none_or(|set| set == "utf-8");
    if !is_csv || !is_utf8 || request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(refuse());
    }
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    match announced {
        Some(length) if length > records::FILE_MAX_BYTES => Err(records::too_large()),
        _ => Ok(()),
    }
}

impl From<Import> for ImportReport {
    fn from(import: Import) -> Self {
        let errors = import.errors.into_iter().map(|error| ImportRowError {
            row: error.row,
            field: error.field,
            message: error.message,
        });
        Self {
            is_dry_run: import.mode == Mode::Try,
            rows: import.changed + import.unchanged + import.failed,
            changed: import.changed,
            unchanged: import.unchanged,
            failed: import.failed,
            errors: errors.collect(),
        }
    }
}
