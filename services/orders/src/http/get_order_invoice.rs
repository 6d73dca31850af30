//! `GET /internal/orders/{id}/invoice`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::ApiError;
use common::auth::ServiceCaller;
use common::error::ErrorEnvelope;
use common::extract::{Path, Query};
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::get_invoice::DocumentQuery;
use crate::app::documents;
use crate::domain::ids::OrderId;
use crate::startup::AppState;

/// A document to be attached to a mail.
#[derive(Serialize, ToSchema)]
pub(crate) struct DocumentBody {
    #[schema(example = "INV-2026-000042")]
    number: String,
    /// In base64.
    pdf: String,
}

/// A document under its name.
#[derive(Serialize, ToSchema)]
pub(crate) struct DocumentData {
    invoice: DocumentBody,
}

/// An order's invoice, or one of its credit notes, for the mail that brings it.
#[utoipa::path(
    tag = "internal",
    operation_id = "get_order_invoice",
    security(("service" = [])),
    params(("id" = Uuid, Path, description = "The order", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"), DocumentQuery),
    responses(
        (status = 200, description = "The document", body = Success<DocumentData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`: no service token", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for notifications only", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: no such order, or not issued yet", body = ErrorEnvelope),
    )
)]
#[get("/orders/{id}/invoice")]
#[tracing::instrument(name = "http.get_order_invoice", skip_all, fields(order.id = %id))]
pub(crate) async fn get_order_invoice(
    state: Data<AppState>,
    caller: ServiceCaller,
    id: Path<Uuid>,
    query: Query<DocumentQuery>,
) -> Result<HttpResponse, ApiError> {
    caller.allow(&["notifications"])?;
    let pdf = documents::document_of(&state, OrderId(*id), query.number()?).await?;
    Ok(reply::ok(DocumentData {
        invoice: DocumentBody {
            pdf: STANDARD.encode(&pdf.bytes),
            number: pdf.number,
        },
    }))
}
