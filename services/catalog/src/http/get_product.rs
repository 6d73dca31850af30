//! `GET /products/{idOrSlug}`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};

use super::product::{Product, ProductData};
use super::public;
use crate::app;
use crate::startup::AppState;

/// Look at a product. Staff also sees one that is not active.
#[utoipa::path(
    tag = "products",
    operation_id = "get_product",
    params(("idOrSlug" = String, Path, description = "Its id or its slug", example = "royal-lace")),
    responses(
        (status = 200, description = "The product", body = Success<ProductData>),
        (status = 304, description = "It is still what `If-None-Match` names"),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
    )
)]
#[get("/products/{idOrSlug}")]
#[tracing::instrument(name = "http.get_product", skip_all)]
pub(crate) async fn get_product(
    state: Data<AppState>,
    caller: Option<CurrentUser>,
    request: HttpRequest,
    id_or_slug: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let is_staff = caller.is_some_and(|caller| caller.role.may(Permission::EditCatalog));
    let make = async {
        let view = app::find::get_product(&state, &id_or_slug, is_staff).await?;
        let product = Product::of(view)?;
        Ok(ProductData { product })
    };
    if is_staff {
        return Ok(reply::ok(make.await?));
    }
    public::answer(&state, &request, format!("product\0{id_or_slug}"), make).await
}
