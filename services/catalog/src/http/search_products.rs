//! `GET /products/search`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::reply::Success;

use super::listing::{ProductsData, ProductsQuery};
use super::public;
use crate::app;
use crate::app::find::Listing;
use crate::startup::AppState;
use crate::store::listing::Terms;

/// Find products by words of their titles, SKUs, tags and descriptions. A word may be only begun; where nothing has the words
/// as they are written, misspelt ones count.
#[utoipa::path(
    tag = "products",
    operation_id = "search_products",
    params(ProductsQuery),
    responses(
        (status = 200, description = "What fits best first", body = Success<ProductsData>),
        (status = 304, description = "It is still what `If-None-Match` names"),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
    )
)]
#[get("/products/search")]
#[tracing::instrument(name = "http.search_products", skip_all)]
pub(crate) async fn search_products(
    state: Data<AppState>,
    request: HttpRequest,
    query: Query<ProductsQuery>,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &request, &query).await
}

/// The answer to whoever looks for words. A text without any word finds nothing.
pub(crate) async fn answer(
    state: &AppState,
    request: &HttpRequest,
    query: &ProductsQuery,
) -> Result<HttpResponse, ApiError> {
    let make = async {
        let (page, facets) = (query.page()?, query.facets()?);
        let filter = query.filter(state).await?;
        let listing = match query.words()?.and_then(Terms::of) {
            Some(terms) => {
                let place = (page.offset(), page.rows());
                app::find::search_products(state, terms, &filter, place, facets).await?
            }
            None => Listing::default(),
        };
        ProductsData::of(listing, page, None)
    };
    public::answer(state, request, query.name("search"), make).await
}
