//! A mail on the wire.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::notifications::Notification;

/// A mail, and what became of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Notification, example = json!({
    "id": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f", "template": "password_reset",
    "userId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e60", "resendOf": null, "status": "sent",
    "recipient": "ada@example.com", "attempts": 1, "nextAttemptAt": null,
    "providerId": "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794", "sentAt": "2026-01-13T10:30:01.456789Z",
    "endedAt": "2026-01-13T10:30:01.456789Z", "lastError": null, "delivery": "delivered",
    "deliveryAt": "2026-01-13T10:30:03Z", "createdAt": "2026-01-13T10:30:00.123456Z"
}))]
pub(crate) struct NotificationBody {
    /// Its id.
    id: Uuid,
    /// Which kind of mail.
    template: String,
    /// The account it is about.
    user_id: Uuid,
    /// The first mail of which this one is a repetition that somebody ordered.
    resend_of: Option<Uuid>,
    /// `pending`, `sending`, `sent` (the provider took it), `failed` (given up) or `cancelled` (no longer due).
    status: &'static str,
    /// Where it goes; `null` until it is written, and once its owner is erased.
    recipient: Option<String>,
    /// How often it was tried.
    attempts: i32,
    /// When it is tried again, while it waits.
    next_attempt_at: Option<DateTime<Utc>>,
    /// Under which id the provider has it.
    provider_id: Option<String>,
    /// When the provider took it.
    sent_at: Option<DateTime<Utc>>,
    /// When it was sent, given up or cancelled.
    ended_at: Option<DateTime<Utc>>,
    /// Why it waits, was given up or cancelled.
    last_error: Option<String>,
    /// The newest that the provider told about it, such as `delivered`, `bounced` or `complained`.
    delivery: Option<String>,
    /// When that happened.
    delivery_at: Option<DateTime<Utc>>,
    /// When it was asked for.
    created_at: DateTime<Utc>,
}

impl From<&Notification> for NotificationBody {
    fn from(mail: &Notification) -> Self {
        let mail = mail.clone();
        Self {
            id: mail.id,
            template: mail.template,
            user_id: mail.user_id,
            resend_of: mail.resend_of,
            status: mail.status.name(),
            recipient: mail.recipient,
            attempts: mail.attempts,
            next_attempt_at: mail.next_attempt_at,
            provider_id: mail.provider_id,
            sent_at: mail.sent_at,
            ended_at: mail.ended_at,
            last_error: mail.last_error,
            delivery: mail.delivery,
            delivery_at: mail.delivery_at,
            created_at: mail.created_at,
        }
    }
}

/// One mail under its name.
#[derive(Serialize, ToSchema)]
pub(crate) struct NotificationData {
    /// The mail.
    notification: NotificationBody,
}

impl From<&Notification> for NotificationData {
    fn from(mail: &Notification) -> Self {
        Self {
            notification: mail.into(),
        }
    }
}
