//! `GET /internal/mails/{userId}/{orderId}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, Utc};
use common::ApiError;
use common::auth::ServiceCaller;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app;
use crate::domain::ids::{SourceId, UserId};
use crate::startup::AppState;
use crate::store::messages::SentMail;

/// A mail that left.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MailOfOrder {
    #[schema(example = "order_shipped")]
    template: String,
    /// When the provider took it.
    sent_at: DateTime<Utc>,
    /// What became of it, such as `delivered`, as far as the provider told.
    delivery: Option<String>,
    delivery_at: Option<DateTime<Utc>>,
}

impl From<SentMail> for MailOfOrder {
    fn from(mail: SentMail) -> Self {
        Self {
            template: mail.template,
            sent_at: mail.sent_at,
            delivery: mail.delivery,
            delivery_at: mail.delivery_at,
        }
    }
}

/// The mails that left.
#[derive(Serialize, ToSchema)]
pub(crate) struct MailsOfOrder {
    /// Oldest first, 100 at most.
    mails: Vec<MailOfOrder>,
}

/// Which mails about an order went to its buyer, and when; for payments, as evidence in a dispute.
#[utoipa::path(
    tag = "internal",
    operation_id = "list_mails_of_order",
    security(("service" = [])),
    params(
        ("userId" = Uuid, Path, description = "The buyer", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("orderId" = Uuid, Path, description = "The order", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e60"),
    ),
    responses(
        (status = 200, description = "The mails; none for an order that is not known", body = Success<MailsOfOrder>),
        (status = 401, description = "`AUTHENTICATION_ERROR`: no service token", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for payments only", body = ErrorEnvelope),
    )
)]
#[get("/mails/{userId}/{orderId}")]
#[tracing::instrument(name = "http.list_mails_of_order", skip_all, fields(order.id = %of.1))]
pub(crate) async fn list_mails_of_order(
    state: Data<AppState>,
    caller: ServiceCaller,
    of: Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, ApiError> {
    caller.allow(&["payments"])?;
    let (user, order) = *of;
    let mails = app::notifications::sent_about(&state, UserId(user), SourceId(order)).await?;
    let mails = mails.into_iter().map(MailOfOrder::from).collect();
    Ok(reply::ok(MailsOfOrder { mails }))
}
