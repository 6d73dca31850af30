//! `GET /products/export`.

use std::collections::HashMap;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use csv::Writer;
use futures_util::stream::{self, StreamExt as _};
use uuid::Uuid;

use super::import_products::columns::COLUMNS;
use crate::app;
use crate::app::export::Exported;
use crate::startup::AppState;
use crate::store::variants::VariantRow;

/// Read all products as a CSV file that can be imported again. Stock is inventory's and not in it.
#[utoipa::path(
    tag = "products",
    operation_id = "export_products",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "A row for each variant, while it is being read", body = String, content_type = "text/csv"),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: the database is away", body = ErrorEnvelope),
    )
)]
#[get("/products/export")]
#[tracing::instrument(name = "http.export_products", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn export_products(
    state: Data<AppState>,
    caller: CurrentUser,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditCatalog)?;
    let (header, first) = (header()?, page(&state, Uuid::nil()).await?);
    // A connection is held for a page at a time, however slowly the file is taken.
    let rest = stream::try_unfold((state, first.1), async |(state, last)| {
        let Some(last) = last else {
            return Ok::<_, ApiError>(None);
        };
        let (bytes, next) = page(&state, last).await?;
        Ok(Some((bytes, (state, next))))
    });
    let begun = stream::iter([Ok(header), Ok(first.0)]);
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"products.csv\""))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(begun.chain(rest)))
}

fn header() -> Result<Bytes, ApiError> {
    let mut writer = Writer::from_writer(Vec::new());
    let exported = COLUMNS.iter().filter(|column| **column != "initialStock");
    writer.write_record(exported).map_err(ApiError::internal)?;
    written(writer)
}

/// Some products, and after which one to go on.
async fn page(state: &AppState, last: Uuid) -> Result<(Bytes, Option<Uuid>), ApiError> {
    let page = app::export::page(state, last).await?;
    let mut writer = Writer::from_writer(Vec::new());
    for exported in &page.products {
        for variant in &exported.variants {
            let record = record(exported, variant, &page.categories);
            writer.write_record(&record).map_err(ApiError::internal)?;
        }
    }
    Ok((written(writer)?, page.next))
}

fn written(writer: Writer<Vec<u8>>) -> Result<Bytes, ApiError> {
    let bytes = writer.into_inner();
    Ok(bytes
        .map_err(|error| ApiError::internal(error.to_string()))?
        .into())
}

/// The fields of a row, in the order of the columns.
fn record(
    exported: &Exported,
    variant: &VariantRow,
    categories: &HashMap<Uuid, String>,
) -> [String; 20] {
    let product = &exported.product;
    let number = |number: Option<i32>| number.map(|n| n.to_string()).unwrap_or_default();
    let category = product.category_id.and_then(|id| categories.get(&id));
    let tags: Vec<&str> = product.tags.iter().flatten().map(String::as_str).collect();
    let images: Vec<&str> = exported
        .images
        .iter()
        .map(|image| image.url.as_str())
        .collect();
    [
        product.sku.clone(),
        product.title.clone(),
        product.slug.clone(),
        product.short_description.clone(),
        product.description.clone(),
        product.price.to_string(),
        product.currency.clone(),
        number(product.weight_grams),
        number(product.length_mm),
        number(product.width_mm),
        number(product.height_mm),
        category.cloned().unwrap_or_default(),
        tags.join(","),
        product.is_active.to_string(),
        product.is_featured.to_string(),
        images.join(" "),
        variant.sku.clone(),
        variant.name.clone().unwrap_or_default(),
        variant.price_delta.to_string(),
        variant.options.to_string(),
    ]
}
