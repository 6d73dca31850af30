//! Notifications: which mails about an order left.

use chrono::{DateTime, Utc};
use common::client::{CallError, Sibling};
use serde::Deserialize;

use crate::domain::ids::{OrderId, UserId};

/// A mail that left.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SentMail {
    pub(crate) template: String,
    pub(crate) sent_at: DateTime<Utc>,
    /// What became of it, such as `delivered`.
    pub(crate) delivery: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    mails: Vec<SentMail>,
}

/// A client of notifications.
pub(crate) struct Notifications(Sibling);

impl Notifications {
    /// For the service behind `sibling`.
    pub(crate) fn new(sibling: Sibling) -> Self {
        Self(sibling)
    }

    /// The mails about an order that went to its buyer, oldest first.
    pub(crate) async fn mails(
        &self,
        user: UserId,
        order: OrderId,
    ) -> Result<Vec<SentMail>, CallError> {
        let url = self.0.url(&format!("/internal/mails/{user}/{order}"));
        let url = url.map_err(|error| CallError::Unavailable {
            service: "notifications",
            cause: error.to_string(),
        })?;
        let answer: Answer = self.0.get(url).await?;
        Ok(answer.mails)
    }
}
