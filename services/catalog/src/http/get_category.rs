//! `GET /categories/{idOrSlug}`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::Success;

use super::category::CategoryData;
use super::public;
use crate::app;
use crate::startup::AppState;

/// Look at a category.
#[utoipa::path(
    tag = "categories",
    operation_id = "get_category",
    params(("idOrSlug" = String, Path, description = "Its id or its slug", example = "lace")),
    responses(
        (status = 200, description = "The category", body = Success<CategoryData>),
        (status = 304, description = "It is still what `If-None-Match` names"),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
    )
)]
#[get("/categories/{idOrSlug}")]
#[tracing::instrument(name = "http.get_category", skip_all)]
pub(crate) async fn get_category(
    state: Data<AppState>,
    request: HttpRequest,
    id_or_slug: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let make = async {
        let row = app::categories::get_category(&state, &id_or_slug).await?;
        let category = row.into();
        Ok(CategoryData { category })
    };
    public::answer(&state, &request, format!("category\0{id_or_slug}"), make).await
}
