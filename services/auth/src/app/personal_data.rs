//! Everything this service holds about a person, as a document for that person.
//!
//! Left out are the things that are only secrets: password and token hashes, the one-time secret, recovery codes.

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use uuid::Uuid;

use super::{Error, addresses, consents, profile};
use crate::domain::address::AddressText;
use crate::domain::ids::UserId;
use crate::startup::AppState;
use crate::store;

/// One person's data in the auth service.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonalData {
    profile: ProfileData,
    addresses: Vec<AddressData>,
    sessions: Vec<SessionData>,
    consents: Vec<ConsentData>,
    mails: Vec<MailData>,
    activity: Vec<ActivityData>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ProfileData {
    id: Uuid,
    email: String,
    name: String,
    phone: Option<String>,
    role: &'static str,
    verified_at: Option<DateTime<Utc>>,
    two_factor_enabled_at: Option<DateTime<Utc>>,
    last_login_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AddressData {
    id: Uuid,
    label: Option<String>,
    full_name: String,
    email: Option<String>,
    phone: String,
    address_line1: String,
    address_line2: Option<String>,
    city: String,
    state: String,
    country: String,
    postal_code: Option<String>,
    is_default: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionData {
    id: Uuid,
    device_info: String,
    ip_address: String,
    user_agent: String,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ConsentData {
    consent_type: &'static str,
    granted: bool,
    recorded_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MailData {
    kind: String,
    requested_at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ActivityData {
    occurred_at: DateTime<Utc>,
    action: String,
    entity_type: String,
    entity_id: String,
}

/// Gathers a person's data; of an erased account nothing is left to gather.
pub(crate) async fn gather(state: &AppState, user: UserId) -> Result<PersonalData, Error> {
    let mut conn = state.db.get().await?;
    let conn = &mut conn;
    Ok(PersonalData {
        profile: profile_of(state, conn, user).await?,
        addresses: addresses_of(state, conn, user).await?,
        sessions: sessions(conn, user).await?,
        consents: consents_of(conn, user).await?,
        mails: mails(conn, user).await?,
        activity: activity(conn, user).await?,
    })
}

async fn profile_of(
    state: &AppState,
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> Result<ProfileData, Error> {
    let row = store::users::find(conn, user)
        .await?
        .ok_or(Error::NotFound("user"))?;
    let (verified_at, last_login_at) = (row.verified_at, row.last_login_at);
    let two_factor_enabled_at = row.totp_enabled_at;
    let profile = profile::Profile::open(&state.pii, row)?;
    Ok(ProfileData {
        id: profile.id.0,
        email: profile.email,
        name: profile.name,
        phone: profile.phone,
        role: profile.role.name(),
        verified_at,
        two_factor_enabled_at,
        last_login_at,
        created_at: profile.created_at,
    })
}

async fn addresses_of(
    state: &AppState,
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> Result<Vec<AddressData>, Error> {
    let rows = store::addresses::list(conn, user).await?;
    rows.iter()
        .map(|row| addresses::open(&state.pii, row).map(address_data))
        .collect()
}

fn address_data(entry: addresses::Entry) -> AddressData {
    let AddressText {
        label,
        full_name,
        email,
        phone,
        line1,
        line2,
        city,
        state,
        country,
        postal_code,
    } = entry.address;
    AddressData {
        id: entry.id.0,
        label,
        full_name,
        email,
        phone,
        address_line1: line1,
        address_line2: line2,
        city,
        state,
        country,
        postal_code,
        is_default: entry.is_default,
    }
}

async fn sessions(conn: &mut AsyncPgConnection, user: UserId) -> Result<Vec<SessionData>, Error> {
    let rows = store::personal_data::sessions_of(conn, user).await?;
    let data = rows.into_iter().map(|row| SessionData {
        id: row.id,
        device_info: row.device_info,
        ip_address: row.ip_address,
        user_agent: row.user_agent,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
    });
    Ok(data.collect())
}

async fn consents_of(
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> Result<Vec<ConsentData>, Error> {
    let history = consents::consents_of(conn, user).await?.history;
    let data = history.into_iter().map(|standing| ConsentData {
        consent_type: standing.consent_type.name(),
        granted: standing.is_granted,
        recorded_at: standing.recorded_at,
    });
    Ok(data.collect())
}

async fn mails(conn: &mut AsyncPgConnection, user: UserId) -> Result<Vec<MailData>, Error> {
    let rows = store::personal_data::mails_of(conn, user).await?;
    let data = rows.into_iter().map(|row| MailData {
        kind: row.kind,
        requested_at: row.requested_at,
    });
    Ok(data.collect())
}

async fn activity(conn: &mut AsyncPgConnection, user: UserId) -> Result<Vec<ActivityData>, Error> {
    let rows = store::personal_data::audit_of(conn, user).await?;
    let data = rows.into_iter().map(|row| ActivityData {
        occurred_at: row.occurred_at,
        action: row.action,
        entity_type: row.entity_type,
        entity_id: row.entity_id,
    });
    Ok(data.collect())
}
