//! Asking auth what a mail says.

use chrono::{DateTime, Utc};
use common::client::{CallError, Sibling};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::ids::SourceId;

/// A client of auth's `POST /internal/mails/{mailId}`.
#[derive(Clone)]
pub(crate) struct AuthMails(Sibling);

/// What auth tells.
#[derive(Deserialize)]
pub(crate) struct CollectedMail {
    pub(crate) mail: AuthMail,
}

/// A mail in auth's words.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthMail {
    pub(crate) user_id: Uuid,
    pub(crate) to: String,
    pub(crate) name: Option<String>,
    pub(crate) link: Option<String>,
    pub(crate) link_expires_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(crate) facts: Value,
}

impl AuthMails {
    /// Over a client of auth.
    pub(crate) fn new(auth: Sibling) -> Self {
        Self(auth)
    }

    /// What the mail says, or none when it is no longer due. Each call makes a new link and ends the one before, so the
    /// answer must be kept for a retry.
    pub(crate) async fn collect(&self, id: SourceId) -> Result<Option<AuthMail>, CallError> {
        let url = self.0.url(&format!("/internal/mails/{id}"));
        let url = url.map_err(|error| CallError::Unavailable {
            service: "auth",
            cause: error.to_string(),
        })?;
        match self.0.post::<_, CollectedMail>(url, &json!({})).await {
            Ok(collected) => Ok(Some(collected.mail)),
            Err(CallError::Refused { status, .. }) if matches!(status.as_u16(), 404 | 409) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
