//! `GET /internal/orders/{id}/mail-view`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::ServiceCaller;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::order::OrderBody;
use crate::app::{documents, queries};
use crate::domain::ids::OrderId;
use crate::startup::AppState;

/// What mails about an order say.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MailViewBody {
    /// Where to; null once the buyer was forgotten, and then nothing is sent.
    to: Option<String>,
    /// What the buyer calls themself.
    name: Option<String>,
    order: OrderBody,
    /// Whether the tax is a part of the prices, and not added to them.
    prices_include_tax: bool,
    /// Null until it is issued.
    invoice_number: Option<String>,
}

/// A mail's facts under their name.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MailViewData {
    mail_view: MailViewBody,
}

/// What mails about an order say; for notifications, and for payments as evidence in a dispute.
#[utoipa::path(
    tag = "internal",
    operation_id = "get_mail_view",
    security(("service" = [])),
    params(("id" = Uuid, Path, description = "The order", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "The facts", body = Success<MailViewData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`: no service token", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for notifications and payments only", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
    )
)]
#[get("/orders/{id}/mail-view")]
#[tracing::instrument(name = "http.get_mail_view", skip_all, fields(order.id = %id))]
pub(crate) async fn get_mail_view(
    state: Data<AppState>,
    caller: ServiceCaller,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.allow(&["notifications", "payments"])?;
    let view = queries::get_any(&state, OrderId(*id)).await?;
    let invoice_number = documents::number_of(&state, OrderId(*id)).await?;
    let contact = view.contact.as_ref();
    Ok(reply::ok(MailViewData {
        mail_view: MailViewBody {
            to: contact.map(|contact| contact.email.clone()),
            name: contact.map(|contact| contact.name.clone()),
            order: OrderBody::of(&view)?,
            prices_include_tax: view.order.prices_include_tax,
            invoice_number,
        },
    }))
}
