//! What every service says alike.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Event;

/// A row was added to the producer's `audit_events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditRecorded {
    /// The row's id, which is this event's id too.
    pub audit_id: Uuid,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// Who did it; none when nobody was logged in or the system acted.
    pub actor_id: Option<Uuid>,
    /// The role they acted in, or `anonymous`, or `system`.
    pub actor_role: String,
    /// What was done, as `noun.past_participle`.
    pub action: String,
    /// What kind of thing it was done to.
    pub entity_type: String,
    /// Which one.
    pub entity_id: String,
    /// Facts about it as canonical JSON text. A string and not an object, because the audit chain
    /// hashes exactly these bytes.
    pub metadata: String,
    /// The request that led to it.
    pub request_id: Option<String>,
}

/// A service has erased what it held about a person, or holds it no longer in a form that names
/// them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PrivacyErased {
    /// The privacy request being answered.
    pub request_id: Uuid,
    /// Who was forgotten.
    pub user_id: Uuid,
    /// The service that answers.
    pub service: String,
}

impl Event for AuditRecorded {
    const TYPE: &'static str = "audit.recorded";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "audit";

    fn aggregate_id(&self) -> Uuid {
        self.audit_id
    }
}

impl Event for PrivacyErased {
    const TYPE: &'static str = "privacy.erased";
    const VERSION: u16 = 1;
    const AGGREGATE: &'static str = "privacy_request";

    fn aggregate_id(&self) -> Uuid {
        self.request_id
    }
}
