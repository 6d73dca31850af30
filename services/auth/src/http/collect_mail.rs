//! `POST /internal/mails/{mailId}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use chrono::{DateTime, Utc};
use common::ApiError;
use common::auth::ServiceCaller;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app;

use crate::domain::ids::MailId;
use crate::startup::AppState;

/// What a mail says.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "mailId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f", "userId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e60",
    "kind": "verify_email", "to": "ada@example.com", "name": "Ada Obi", "locale": null,
    "link": "https://shop.example/api/v1/auth/verify-email#token=kJ8s1xW0uQmYp2c7Zb4n6Rt3Vd5Lf9Ha-Ge_XoIiTzE",
    "linkExpiresAt": "2026-01-14T10:30:00.123456Z", "facts": {}, "consent": { "marketing": false }
}))]
pub(crate) struct Mail {
    /// The request it answers.
    mail_id: Uuid,
    /// Whom it is about.
    user_id: Uuid,
    /// Which mail, as in the event.
    kind: &'static str,
    /// Where it goes.
    to: String,
    /// How to greet; `null` once the account is erased.
    name: Option<String>,
    /// The language to write in; `null` for the shop's own, as accounts state none.
    locale: Option<String>,
    /// What its button opens.
    link: Option<String>,
    /// When the link stops working.
    link_expires_at: Option<DateTime<Utc>>,
    /// What else it tells, such as the device of a login.
    #[schema(value_type = Object)]
    facts: Value,
    /// What the person allows.
    consent: MailConsent,
}

/// What a person allows to be mailed.
#[derive(Serialize, ToSchema)]
pub(crate) struct MailConsent {
    /// Offers.
    marketing: bool,
}

impl From<app::collect_mail::Mail> for Mail {
    fn from(mail: app::collect_mail::Mail) -> Self {
        Self {
            mail_id: mail.id.0,
            user_id: mail.user.0,
            kind: mail.kind.as_str(),
            to: mail.to,
            name: mail.name,
            locale: None,
            link: mail.link,
            link_expires_at: mail.link_expires_at,
            facts: mail.facts,
            consent: MailConsent {
                marketing: mail.has_marketing_consent,
            },
        }
    }
}

/// One mail under its name.
#[derive(Serialize, ToSchema)]
pub(crate) struct MailData {
    /// The mail.
    mail: Mail,
}

/// Tell what a requested mail says, at the moment of sending it; for the notifications service.
///
/// A link is made in this answer and nowhere else, and ends older ones of its kind: keep the answer for a retry.
#[utoipa::path(
    tag = "internal",
    operation_id = "collect_mail",
    security(("service" = [])),
    params(("mailId" = Uuid, Path, description = "The mail of `auth.mail_requested`",
        example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "What it says", body = Success<MailData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`: no service token", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for the notifications service only", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: it is no longer due", body = ErrorEnvelope),
    )
)]
#[post("/mails/{mailId}")]
#[tracing::instrument(name = "http.collect_mail", skip_all, fields(mail.id = %id))]
pub(crate) async fn collect_mail(
    state: Data<AppState>,
    caller: ServiceCaller,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.allow(&["notifications"])?;
    let mail = app::collect_mail::collect_mail(&state, MailId(*id)).await?;
    Ok(reply::ok(MailData { mail: mail.into() }))
}
