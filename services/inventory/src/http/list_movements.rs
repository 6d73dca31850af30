//! `GET /admin/inventory/{variantId}/movements`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Path, Query};
use common::paging::{PageQuery, Pagination};
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::movement::Movement;
use crate::app;
use crate::domain::ids::VariantId;
use crate::startup::AppState;

/// One page of movements.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MovementsData {
    /// Newest first.
    movements: Vec<Movement>,
    /// Where the page stands.
    pagination: Pagination,
}

/// List what changed a variant's stock.
#[utoipa::path(
    tag = "admin",
    operation_id = "list_movements",
    security(("bearer" = [])),
    params(
        ("variantId" = Uuid, Path, description = "The variant", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        PageQuery,
    ),
    responses(
        (status = 200, description = "A page of movements", body = Success<MovementsData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for merchants and administrators", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
    )
)]
#[get("/admin/inventory/{variantId}/movements")]
#[tracing::instrument(name = "http.list_movements", skip_all, fields(user.hash = caller.log_hash(), variant.id = %variant))]
pub(crate) async fn list_movements(
    state: Data<AppState>,
    caller: CurrentUser,
    variant: Path<Uuid>,
    page: Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::EditInventory)?;
    let page = page.page()?;
    let (rows, pagination) =
        app::queries::list_movements(&state, VariantId(*variant), page).await?;
    let movements = rows.into_iter().map(Movement::from).collect();
    Ok(reply::ok(MovementsData {
        movements,
        pagination,
    }))
}
