//! What the notifications service says.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Event;

/// The mail provider took a mail. Whether it arrives is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationSent {
    /// The mail.
    pub notification_id: Uuid,
    /// Which kind of mail, such as `password_reset`.
    pub template: String,
    /// The account it is about.
    pub user_id: Uuid,
    /// When the provider took it.
    pub sent_at: DateTime<Utc>,
}

/// A mail was given up; somebody has to look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationFailed {
    /// The mail.
    pub notification_id: Uuid,
    /// Which kind of mail, such as `password_reset`.
    pub template: String,
    /// The account it is about.
    pub user_id: Uuid,
    /// Why: `refused` (for what it says), `outcome_unknown` (it may have been sent), `too_late` (its link no longer
    /// works) or `unmakeable`.
    pub reason: String,
    /// When it was given up.
    pub failed_at: DateTime<Utc>,
}

impl Event for NotificationSent {
    const TYPE: &'static str = "notification.sent";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "notification";

    fn aggregate_id(&self) -> Uuid {
        self.notification_id
    }
}

impl Event for NotificationFailed {
    const TYPE: &'static str = "notification.failed";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "notification";

    fn aggregate_id(&self) -> Uuid {
        self.notification_id
    }
}
