//! An account on the wire, as administrators see it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::user::User;
use crate::app::people;

/// An account with what its owner does not see.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f", "email": "ada@example.com", "name": "Ada Obi",
    "phone": "+2348012345678", "role": "customer", "verified": true, "twoFactorEnabled": false,
    "createdAt": "2026-01-13T10:30:00.123456Z", "lastLoginAt": "2026-01-14T08:00:00.000001Z", "lockedUntil": null
}))]
pub(crate) struct Person {
    #[serde(flatten)]
    user: User,
    /// When its owner last came in.
    last_login_at: Option<DateTime<Utc>>,
    /// Until when wrong passwords have locked it, except in browsers it knows; `null` when they have not.
    locked_until: Option<DateTime<Utc>>,
}

impl From<people::Person> for Person {
    fn from(person: people::Person) -> Self {
        Self {
            user: person.profile.into(),
            last_login_at: person.last_login_at,
            locked_until: person.locked_until,
        }
    }
}

/// One account under its name.
#[derive(Serialize, ToSchema)]
pub(crate) struct PersonData {
    /// The account.
    user: Person,
}

impl From<people::Person> for PersonData {
    fn from(person: people::Person) -> Self {
        Self {
            user: person.into(),
        }
    }
}
