//! Everything the service holds about one person: to be handed out, or to be erased.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use messaging::schema::{audit_events, idempotency_keys};
use uuid::Uuid;

use super::schema::auth::{
    known_devices, mail_requests, recovery_codes, refresh_tokens, sessions, users,
};
use super::{addresses, one_time_tokens, privacy_requests};
use crate::domain::ids::UserId;

/// A session as its owner may see it.
#[derive(Debug, Queryable)]
pub(crate) struct SessionRecord {
    pub(crate) id: Uuid,
    pub(crate) device_info: String,
    pub(crate) ip_address: String,
    pub(crate) user_agent: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) last_used_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) revoked_at: Option<DateTime<Utc>>,
}

/// All sessions still on record, newest first.
pub(crate) async fn sessions_of(
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> QueryResult<Vec<SessionRecord>> {
    sessions::table
        .filter(sessions::user_id.eq(user.0))
        .order(sessions::created_at.desc())
        .select((
            sessions::id,
            sessions::device_info,
            sessions::ip_address,
            sessions::user_agent,
            sessions::created_at,
            sessions::last_used_at,
            sessions::expires_at,
            sessions::revoked_at,
        ))
        .load(conn)
        .await
}

/// A mail that was asked for.
#[derive(Debug, Queryable)]
pub(crate) struct MailRecord {
    pub(crate) kind: String,
    pub(crate) requested_at: DateTime<Utc>,
}

/// The mails still on record, newest first.
pub(crate) async fn mails_of(
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> QueryResult<Vec<MailRecord>> {
    mail_requests::table
        .filter(mail_requests::user_id.eq(user.0))
        .order(mail_requests::requested_at.desc())
        .select((mail_requests::kind, mail_requests::requested_at))
        .load(conn)
        .await
}

/// Something the person did, or that was done to their account.
#[derive(Debug, Queryable)]
pub(crate) struct AuditRecord {
    pub(crate) occurred_at: DateTime<Utc>,
    pub(crate) action: String,
    pub(crate) entity_type: String,
    pub(crate) entity_id: String,
}

/// The audit entries about a person, newest first. Who else acted, and why, is not theirs to know.
pub(crate) async fn audit_of(
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> QueryResult<Vec<AuditRecord>> {
    audit_events::table
        .filter(
            audit_events::actor_id
                .eq(user.0)
                .or(audit_events::entity_type
                    .eq("user")
                    .and(audit_events::entity_id.eq(user.0.to_string()))),
        )
        .order(audit_events::occurred_at.desc())
        .select((
            audit_events::occurred_at,
            audit_events::action,
            audit_events::entity_type,
            audit_events::entity_id,
        ))
        .load(conn)
        .await
}

/// Erases what names or locates a person. The account's row stays as a pseudonym that orders and audit entries refer
/// to, and so do consents, which prove what was allowed. Sessions must be revoked before.
pub(crate) async fn erase(
    conn: &mut AsyncPgConnection,
    user: UserId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    addresses::delete_all(conn, user).await?;
    one_time_tokens::delete_all(conn, user).await?;
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user.0)))
        .execute(conn)
        .await?;
    diesel::delete(known_devices::table.filter(known_devices::user_id.eq(user.0)))
        .execute(conn)
        .await?;
    // Stored answers repeat what was added; the keys themselves say nothing.
    diesel::delete(
        idempotency_keys::table.filter(idempotency_keys::principal.eq(user.to_string())),
    )
    .execute(conn)
    .await?;
    erase_traces(conn, user).await?;
    privacy_requests::drop_exports(conn, user, now).await?;
    diesel::update(users::table.find(user.0))
        .set((
            (
                users::email.eq(None::<String>),
                users::name.eq(None::<String>),
                users::phone_ct.eq(None::<Vec<u8>>),
                users::phone_key_id.eq(None::<String>),
                users::phone_bidx.eq(None::<Vec<u8>>),
                users::password_hash.eq(None::<String>),
            ),
            (
                users::totp_secret_ct.eq(None::<Vec<u8>>),
                users::totp_key_id.eq(None::<String>),
                users::totp_enabled_at.eq(None::<DateTime<Utc>>),
                users::totp_last_step.eq(None::<i64>),
            ),
            users::erased_at.eq(now),
            users::updated_at.eq(now),
            users::version.eq(users::version + 1),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Blanks addresses and browsers on sessions, and drops what mails were to tell.
async fn erase_traces(conn: &mut AsyncPgConnection, user: UserId) -> QueryResult<()> {
    let own_sessions = sessions::table
        .filter(sessions::user_id.eq(user.0))
        .select(sessions::id);
    diesel::update(refresh_tokens::table.filter(refresh_tokens::session_id.eq_any(own_sessions)))
        .filter(refresh_tokens::used_by_ip.is_not_null())
        .set((
            refresh_tokens::used_by_ip.eq(""),
            refresh_tokens::used_by_user_agent_hash.eq(Vec::<u8>::new()),
        ))
        .execute(conn)
        .await?;
    diesel::update(sessions::table.filter(sessions::user_id.eq(user.0)))
        .set((
            sessions::device_info.eq(""),
            sessions::ip_address.eq(""),
            sessions::user_agent.eq(""),
        ))
        .execute(conn)
        .await?;
    diesel::update(mail_requests::table.filter(mail_requests::user_id.eq(user.0)))
        .set((
            mail_requests::facts.eq(serde_json::json!({})),
            mail_requests::recipient_ct.eq(None::<Vec<u8>>),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
