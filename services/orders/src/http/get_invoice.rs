//! `GET /orders/{id}/invoice`.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::{Path, Query};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::app::documents::{self, Pdf};
use crate::app::queries;
use crate::domain::ids::{OrderId, UserId};
use crate::startup::AppState;

/// The longest number of a document, in characters.
const NUMBER_CHARS_MAX: usize = 40;

/// Which document.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DocumentQuery {
    /// The number of the invoice or of one of its credit notes; the invoice if it is left out.
    #[param(example = "CN-2026-000007")]
    number: Option<String>,
}

impl DocumentQuery {
    /// The number that was asked for.
    pub(super) fn number(&self) -> Result<Option<&str>, ApiError> {
        let number = self.number.as_deref().map(str::trim);
        let is_number = |text: &str| {
            text.len() <= NUMBER_CHARS_MAX && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        match number.filter(|number| !number.is_empty()) {
            Some(number) if !is_number(number) => Err(ApiError::not_found("document")),
            number => Ok(number),
        }
    }
}

/// An order's invoice, or one of its credit notes, as a PDF; for its buyer, and for staff who may read orders.
#[utoipa::path(
    tag = "orders",
    operation_id = "get_invoice",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The order", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"), DocumentQuery),
    responses(
        (status = 200, description = "The document", content_type = "application/pdf", body = Vec<u8>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: no such order, not yours, or not issued yet", body = ErrorEnvelope),
    )
)]
#[get("/orders/{id}/invoice")]
#[tracing::instrument(name = "http.get_invoice", skip_all, fields(user.hash = caller.log_hash(), order.id = %id))]
pub(crate) async fn get_invoice(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
    query: Query<DocumentQuery>,
) -> Result<HttpResponse, ApiError> {
    let order = OrderId(*id);
    if caller.require(Permission::ReadOrders).is_err() {
        queries::check_own(&state, UserId(caller.id), order).await?;
    }
    Ok(answer(
        documents::document_of(&state, order, query.number()?).await?,
    ))
}

/// A PDF for the browser to show or to keep.
pub(super) fn answer(pdf: Pdf) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("inline; filename=\"{}.pdf\"", pdf.number),
        ))
        .body(pdf.bytes)
}
