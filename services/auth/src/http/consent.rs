//! Consents on the wire.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::consents::Standing;
use crate::domain::consent;

/// What can be allowed.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ConsentType {
    /// Mails about offers.
    Marketing,
    /// Measuring how the shop is used.
    Analytics,
    /// Cookies that are not needed to buy.
    Cookies,
}

impl From<ConsentType> for consent::ConsentType {
    fn from(consent_type: ConsentType) -> Self {
        match consent_type {
            ConsentType::Marketing => Self::Marketing,
            ConsentType::Analytics => Self::Analytics,
            ConsentType::Cookies => Self::Cookies,
        }
    }
}

impl From<consent::ConsentType> for ConsentType {
    fn from(consent_type: consent::ConsentType) -> Self {
        match consent_type {
            consent::ConsentType::Marketing => Self::Marketing,
            consent::ConsentType::Analytics => Self::Analytics,
            consent::ConsentType::Cookies => Self::Cookies,
        }
    }
}

/// One decision, or where somebody stands without one.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "consentType": "marketing", "granted": true, "recordedAt": "2026-01-13T10:30:00.123456Z"
}))]
pub(crate) struct Consent {
    /// What it is about.
    consent_type: ConsentType,
    /// Whether it is allowed; `false` until somebody allows it.
    granted: bool,
    /// When it was decided; `null` if it never was.
    recorded_at: Option<DateTime<Utc>>,
}

impl From<Standing> for Consent {
    fn from(standing: Standing) -> Self {
        Self {
            consent_type: standing.consent_type.into(),
            granted: standing.is_granted,
            recorded_at: standing.recorded_at,
        }
    }
}
