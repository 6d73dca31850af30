//! `GET /products`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::reply::Success;

use super::listing::{ProductsData, ProductsQuery};
use super::{public, search_products};
use crate::app;
use crate::startup::AppState;

/// List products, the newest first.
#[utoipa::path(
    tag = "products",
    operation_id = "list_products",
    params(ProductsQuery),
    responses(
        (status = 200, description = "A page of products", body = Success<ProductsData>),
        (status = 304, description = "It is still what `If-None-Match` names"),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
    )
)]
#[get("/products")]
#[tracing::instrument(name = "http.list_products", skip_all)]
pub(crate) async fn list_products(
    state: Data<AppState>,
    request: HttpRequest,
    query: Query<ProductsQuery>,
) -> Result<HttpResponse, ApiError> {
    if query.words()?.is_some() {
        return search_products::answer(&state, &request, &query).await;
    }
    let make = async {
        let (page, sort) = (query.page()?, query.sort()?);
        let from = query.position(sort, page)?;
        let facets = query.facets()?;
        let filter = query.filter(&state).await?;
        let listing =
            app::find::list_products(&state, &filter, (sort, from), page.rows(), facets).await?;
        ProductsData::of(listing, page, Some(sort))
    };
    public::answer(&state, &request, query.name("products"), make).await
}
