//! `POST /admin/notifications/{id}/resend`.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use common::ApiError;
use common::auth::{CurrentUser, Permission};
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::idempotency::OptionalIdempotencyKey;
use common::reply::Success;
use messaging::idempotency::{Begin, Making, StoredResponse};
use uuid::Uuid;

use super::notification::NotificationData;
use crate::app;
use crate::app::notifications::Notification;
use crate::domain::ids::MessageId;
use crate::startup::AppState;

/// Send a mail once more: with a fresh link and to the address that the account has now. Which mail it is a repetition
/// of stands in `resendOf`.
#[utoipa::path(
    tag = "admin",
    operation_id = "resend_notification",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The mail", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with the same key \
            answers the same again", example = "ticket-4711"),
    ),
    responses(
        (status = 201, description = "The new mail", body = Success<NotificationData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for administrators only", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: it is still being sent", body = ErrorEnvelope),
    )
)]
#[post("/admin/notifications/{id}/resend")]
#[tracing::instrument(name = "http.resend_notification", skip_all, fields(message.id = %id))]
pub(crate) async fn resend_notification(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
    request: HttpRequest,
    key: OptionalIdempotencyKey,
) -> Result<HttpResponse, ApiError> {
    caller.require(Permission::Operate)?;
    let begun = Making::begin(&state.db, &request, caller.id, key.0.as_ref(), answer);
    let making = match begun.await? {
        Begin::Replay(response) => return Ok(response),
        Begin::Make(making) => making,
    };
    let id = MessageId(*id);
    let made = app::notifications::resend_notification(&state, &caller, id, &making).await;
    Ok(making.finish(&state.db, made).await?.first())
}

fn answer(mail: &Notification) -> serde_json::Result<StoredResponse> {
    StoredResponse::json(
        StatusCode::CREATED,
        &Success::new(NotificationData::from(mail)),
    )
}
