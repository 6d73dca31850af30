//! An account on the wire.

use chrono::{DateTime, Utc};
use common::auth::Role;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::profile::Profile;

/// An account as its owner sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f", "email": "ada@example.com", "name": "Ada Obi",
    "phone": "+2348012345678", "role": "customer", "verified": false, "twoFactorEnabled": false,
    "createdAt": "2026-01-13T10:30:00.123456Z"
}))]
pub(crate) struct User {
    /// The account's id.
    id: Uuid,
    /// In canonical form: lower case.
    email: String,
    /// What its owner calls themself.
    name: String,
    /// In E.164 form.
    phone: Option<String>,
    /// What they may do.
    role: Role,
    /// Whether the address was confirmed.
    verified: bool,
    /// Whether logging in needs a second factor.
    two_factor_enabled: bool,
    /// When it was opened.
    created_at: DateTime<Utc>,
}

impl From<Profile> for User {
    fn from(profile: Profile) -> Self {
        Self {
            id: profile.id.0,
            email: profile.email,
            name: profile.name,
            phone: profile.phone,
            role: profile.role,
            verified: profile.is_verified,
            two_factor_enabled: profile.has_two_factor,
            created_at: profile.created_at,
        }
    }
}

/// One account under its name.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserData {
    /// The account.
    pub(crate) user: User,
}
