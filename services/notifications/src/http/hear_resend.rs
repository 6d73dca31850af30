//! `POST /webhooks/resend`.

use actix_web::http::header::HeaderMap;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, post};
use chrono::{DateTime, Utc};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::reply::{self, Nothing, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app;
use crate::domain::address::Address;
use crate::domain::webhook_event::WebhookEvent;
use crate::domain::webhook_signature::{SignedHead, verify};
use crate::startup::AppState;

/// What the provider tells. Everything else in it is ignored, and types that are new are taken note of.
#[derive(Deserialize, ToSchema)]
#[schema(as = ResendEvent, example = json!({
    "type": "email.bounced", "created_at": "2026-01-13T10:30:03.000Z",
    "data": {
        "email_id": "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794", "to": ["ada@example.com"],
        "bounce": { "type": "Permanent", "subType": "General", "message": "no such mailbox" }
    }
}))]
pub(crate) struct Told {
    /// Such as `email.delivered`.
    r#type: String,
    /// When it happened.
    created_at: DateTime<Utc>,
    /// About which mail.
    #[serde(default)]
    data: ToldData,
}

/// Which mail it is about.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct ToldData {
    /// The provider's id.
    email_id: Option<String>,
    /// To whom it went.
    #[serde(default)]
    to: Recipients,
    /// Why it came back.
    bounce: Option<Bounce>,
}

/// One address or several.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Recipients {
    /// Several.
    Many(Vec<String>),
    /// One.
    One(String),
}

impl Default for Recipients {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

/// A mail that came back.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Bounce {
    /// `Permanent`, `Transient` or `Undetermined`.
    r#type: String,
}

/// What all types begin with.
const EMAIL: &str = "email.";
/// The longest id and type that are kept.
const NAME_MAX: usize = 200;

/// Hear what became of a mail; for the mail provider. Signed by the Svix scheme over the raw body.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "hear_resend",
    params(
        ("svix-id" = String, Header, description = "The same in every delivery of one event",
            example = "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("svix-timestamp" = String, Header, description = "Seconds since 1970; at most five minutes off",
            example = "1614265330"),
        ("svix-signature" = String, Header, description = "`v1,<base64>`, any number of them",
            example = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ),
    request_body = Told,
    responses(
        (status = 200, description = "Heard, now or before", body = Success<Nothing>),
        (status = 400, description = "`VALIDATION_ERROR`: signed, but not to be understood", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`: not signed by the provider, or too old",
            body = ErrorEnvelope),
    )
)]
#[post("/webhooks/resend")]
#[tracing::instrument(name = "http.hear_resend", skip_all)]
pub(crate) async fn hear_resend(
    state: Data<AppState>,
    request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, ApiError> {
    let head = signed_head(request.headers())
        .ok_or_else(|| ApiError::unauthenticated("the webhook is not signed"))?;
    let secrets = &state.settings.resend.webhook_secrets;
    verify(secrets, head, &body, state.clock.now()).map_err(|error| {
        tracing::warn!(webhook.id = head.id, cause = %error, "a webhook is not believed");
        ApiError::unauthenticated("the webhook's signature is not right")
    })?;
    let told: Told = serde_json::from_slice(&body)
        .map_err(|_malformed| ApiError::invalid("body", "is not an event of the provider"))?;
    let event = event(head.id, told)?;
    app::hear_webhook::hear_webhook(&state, event).await?;
    Ok(reply::ok(Nothing {}))
}

/// The provider's own names, or those of the standard that grew out of them.
fn signed_head(headers: &HeaderMap) -> Option<SignedHead<'_>> {
    let one = |prefix: &str, name: &str| headers.get(format!("{prefix}-{name}"))?.to_str().ok();
    ["svix", "webhook"].into_iter().find_map(|prefix| {
        Some(SignedHead {
            id: one(prefix, "id").filter(|id| !id.is_empty())?,
            timestamp: one(prefix, "timestamp")?,
            signatures: one(prefix, "signature")?,
        })
    })
}

fn event(id: &str, told: Told) -> Result<WebhookEvent, ApiError> {
    let is_name = |text: &str| (1..=NAME_MAX).contains(&text.len()) && !text.contains('\0');
    let kind = told.r#type.strip_prefix(EMAIL).unwrap_or(&told.r#type);
    let provider_id = told.data.email_id;
    if !is_name(id) || !is_name(kind) || !provider_id.as_deref().is_none_or(is_name) {
        return Err(ApiError::invalid("body", "has a name of impossible length"));
    }
    let recipients = match told.data.to {
        Recipients::Many(many) => many,
        Recipients::One(one) => vec![one],
    };
    Ok(WebhookEvent {
        id: id.to_owned(),
        kind: kind.to_owned(),
        provider_id,
        occurred_at: told.created_at,
        // An address that we could not have sent to needs no suppression.
        recipients: recipients
            .iter()
            .filter_map(|text| Address::parse(text).ok())
            .collect(),
        is_permanent: told
            .data
            .bounce
            .is_some_and(|bounce| bounce.r#type == "Permanent"),
    })
}
