//! `GET /products/{idOrSlug}/related`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::Success;
use serde::Serialize;
use utoipa::ToSchema;

use super::product::Product;
use super::public;
use crate::app;
use crate::startup::AppState;

/// Products that go with another.
#[derive(Serialize, ToSchema)]
pub(crate) struct RelatedData {
    /// Those of its category with a tag of its first; at most eight.
    products: Vec<Product>,
}

/// List products that may please who looks at this one.
#[utoipa::path(
    tag = "products",
    operation_id = "related_products",
    params(("idOrSlug" = String, Path, description = "Its id or its slug", example = "royal-lace")),
    responses(
        (status = 200, description = "Other products", body = Success<RelatedData>),
        (status = 304, description = "They are still what `If-None-Match` names"),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
    )
)]
#[get("/products/{idOrSlug}/related")]
#[tracing::instrument(name = "http.related_products", skip_all)]
pub(crate) async fn related_products(
    state: Data<AppState>,
    request: HttpRequest,
    id_or_slug: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let make = async {
        let views = app::find::related_products(&state, &id_or_slug).await?;
        let products = Product::all(views)?;
        Ok(RelatedData { products })
    };
    public::answer(&state, &request, format!("related\0{id_or_slug}"), make).await
}
