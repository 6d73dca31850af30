//! What a person may see and change about their own account.

use chrono::{DateTime, Utc};
use common::auth::{CurrentUser, Role};
use common::crypto::{Place, Sealer};
use diesel_async::AsyncConnection as _;
use serde_json::json;

use super::Error;
use super::trail::{Actor, Trail};
use crate::domain::ids::UserId;
use crate::domain::phone::Phone;
use crate::startup::AppState;
use crate::store;
use crate::store::users::{ProfileChange, SealedPhone, UserRow};

/// Where phone numbers are sealed and indexed.
const PHONE: &str = "users.phone";

/// An account with its personal data readable.
#[derive(Clone)]
pub(crate) struct Profile {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) phone: Option<String>,
    pub(crate) role: Role,
    pub(crate) is_verified: bool,
    pub(crate) has_two_factor: bool,
    pub(crate) created_at: DateTime<Utc>,
}

impl Profile {
    /// Opens what is sealed.
    pub(crate) fn open(pii: &Sealer, user: UserRow) -> Result<Self, Error> {
        let place = Place {
            column: PHONE,
            row: user.id,
        };
        let phone = user
            .phone_ct
            .as_deref()
            .map(|sealed| pii.open_text(place, sealed))
            .transpose()?;
        Ok(Self {
            id: user.id(),
            has_two_factor: user.has_two_factor(),
            email: user.email.unwrap_or_default(),
            name: user.name.unwrap_or_default(),
            phone,
            role: user.role.0,
            is_verified: user.verified_at.is_some(),
            created_at: user.created_at,
        })
    }
}

/// Seals a phone number for the account it belongs to.
pub(crate) fn seal_phone(pii: &Sealer, user: UserId, phone: &Phone) -> Result<SealedPhone, Error> {
    let place = Place {
        column: PHONE,
        row: user.0,
    };
    Ok(SealedPhone {
        ciphertext: pii.seal(place, phone.as_str().as_bytes())?,
        key_id: pii.current_key().to_owned(),
        blind_index: pii.index().of(PHONE, phone.as_str()),
    })
}

/// The caller's own account.
pub(crate) async fn get_profile(state: &AppState, caller: &CurrentUser) -> Result<Profile, Error> {
    let mut conn = state.db.get().await?;
    let user = store::users::find(&mut conn, UserId(caller.id)).await?;
    Profile::open(&state.pii, user.ok_or(Error::NotFound("account"))?)
}

/// What to change; `None` leaves a field as it is, and the inner `None` removes the number.
#[derive(Debug, Default)]
pub(crate) struct UpdateProfile {
    pub(crate) name: Option<String>,
    pub(crate) phone: Option<Option<Phone>>,
}

/// Changes the caller's own account.
pub(crate) async fn update_profile(
    state: &AppState,
    caller: &CurrentUser,
    command: UpdateProfile,
) -> Result<Profile, Error> {
    let id = UserId(caller.id);
    let mut fields = Vec::new();
    if command.name.is_some() {
        fields.push("name");
    }
    if command.phone.is_some() {
        fields.push("phone");
    }
    let phone = match command.phone {
        Some(Some(phone)) => Some(Some(seal_phone(&state.pii, id, &phone)?)),
        Some(None) => Some(None),
        None => None,
    };
    let change = ProfileChange {
        name: command.name,
        phone,
    };
    let trail = Trail::new(Actor::User(id, caller.role), state.clock.now());
    let mut conn = state.db.get().await?;
    let user = conn
        .transaction(async |conn| {
            store::users::lock(conn, id)
                .await?
                .ok_or(Error::NotFound("account"))?;
            let user = store::users::update_profile(conn, id, &change, trail.now()).await?;
            trail
                .audit(conn, "user.updated", id, json!({ "fields": fields }))
                .await?;
            Ok::<_, Error>(user)
        })
        .await?;
    Profile::open(&state.pii, user)
}
