//! `DELETE /products/{id}`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Nothing, Success};
use common::version;
use uuid::Uuid;

use crate::app;
use crate::domain::ids::ProductId;
use crate::startup::AppState;

/// Take a product out of the shop. Orders that name it stay as they are.
#[utoipa::path(
    tag = "products",
    operation_id = "delete_product",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The product", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen", example = "3"),
    ),
    responses(
        (status = 200, description = "Gone", body = Success<Nothing>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`VERSION_CONFLICT`", body = ErrorEnvelope),
    )
)]
#[delete("/products/{id}")]
#[tracing::instrument(name = "http.delete_product", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn delete_product(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditCatalog)?;
    let seen = version::seen(&request, None)?;
    app::products::delete_product(&state, &caller, ProductId(*id), seen).await?;
    Ok(reply::message("The product is deleted"))
}
