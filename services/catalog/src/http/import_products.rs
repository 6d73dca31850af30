//! `POST /products/import`.

pub(crate) mod columns;

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

use self::columns::COLUMNS;
use crate::app::import::{BATCH, Entry, Import};
use crate::startup::AppState;

/// What became of the file.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImportData {
    import: ImportReport,
}

/// What became of each product.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ImportReport {
    is_dry_run: bool,
    /// Rows after the header.
    rows: u64,
    /// Products that are new, or would be.
    created: u64,
    /// Products that are another now, or would be.
    changed: u64,
    /// Products that were so already.
    unchanged: u64,
    /// Rows or products that were left out.
    failed: u64,
    /// Why: the first thousand of them.
    errors: Vec<RowError>,
}

/// Take over products from a CSV file.
///
/// The first line names the columns, at least `sku`; what `GET /products/export` answers can be read again. A row is a product,
/// or one variant of it where it has a `variantSku`: rows of one product follow each other, and the first of them says what the
/// product is. A product that there is already is changed; an empty field, or a column that is left out, leaves things as they
/// are. Tags have commas between them, pictures blanks, and options are a JSON object. The file is worked through while it
/// comes: what is wrong is left out and listed, and when a file breaks off, the products before are taken. The same file may
/// be sent again: what was taken is unchanged then.
#[utoipa::path(
    tag = "products",
    operation_id = "import_products",
    security(("bearer" = [])),
    params(ImportQuery),
    request_body(
        content = String,
        content_type = "text/csv",
        example = "sku,title,price,variantSku,options,initialStock\nFAB-ROYAL-LACE,Royal lace,48500,FAB-ROYAL-LACE-GOLD,\"{\"\"colour\"\":\"\"Gold\"\"}\",60\n"
    ),
    responses(
        (status = 200, description = "What became of it", body = Success<ImportData>),
        (status = 400, description = "`VALIDATION_ERROR`: no such header, or the file broke off", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 413, description = "`PAYLOAD_TOO_LARGE`", body = ErrorEnvelope),
        (status = 415, description = "`UNSUPPORTED_MEDIA_TYPE`: anything but text/csv in UTF-8", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: the database is away; products before are taken", body = ErrorEnvelope),
    )
)]
#[post("/products/import")]
#[tracing::instrument(name = "http.import_products", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn import_products(
    state: Data<AppState>,
    caller: CurrentUser,
    query: Query<ImportQuery>,
    mut records: Records,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditCatalog)?;
    let mode = query.mode()?;
    let columns = records.header(&COLUMNS).await?;
    if !columns.contains(&"sku") {
        return Err(ApiError::invalid("header", "must name sku"));
    }
    let mut import = Import::new(mode);
    let mut batch: Vec<Entry> = Vec::with_capacity(BATCH);
    while let Some(record) = records.next().await? {
        let number = records.number();
        let hosts = &state.settings.image_hosts;
        let entry = record.and_then(|fields| columns::entry(number, &columns, &fields, hosts));
        match entry {
            Err(error) => import.refused.add(error),
            Ok(entry) => match batch.last_mut().filter(|last| last.sku == entry.sku) {
                Some(last) => last.variants.extend(entry.variants),
                None => {
                    if batch.len() == BATCH {
                        let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                        import.take(&state, &caller, full).await?;
                    }
                    batch.push(entry);
                }
            },
        }
    }
    import.take(&state, &caller, batch).await?;
    if mode == Mode::Apply {
        state.answers.renew().await;
    }
    let import = report(import, records.number().saturating_sub(1));
    Ok(reply::ok(ImportData { import }))
}

fn report(import: Import, rows: u64) -> ImportReport {
    ImportReport {
        is_dry_run: import.mode == Mode::Try,
        rows,
        created: import.tally.created,
        changed: import.tally.changed,
        unchanged: import.tally.unchanged,
        failed: import.refused.count,
        errors: import.refused.errors,
    }
}
