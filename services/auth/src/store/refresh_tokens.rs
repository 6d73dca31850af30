//! Refresh tokens, of which only hashes are kept.

use chrono::{DateTime, Utc};
use common::statement::Prepare as _;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::auth::refresh_tokens;
use crate::domain::ids::{SessionId, TokenId};
use crate::domain::refresh::Fingerprint;

/// A token.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = refresh_tokens, check_for_backend(diesel::pg::Pg))]
pub(crate) struct TokenRow {
    pub(crate) id: Uuid,
    pub(crate) session_id: Uuid,
    pub(crate) successor_ct: Option<Vec<u8>>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) used_at: Option<DateTime<Utc>>,
    pub(crate) used_by_ip: Option<String>,
    pub(crate) used_by_user_agent_hash: Option<Vec<u8>>,
}

impl TokenRow {
    /// When and by whom the token was first used.
    pub(crate) fn first_use(&self) -> Option<(DateTime<Utc>, Fingerprint)> {
        let by = Fingerprint {
            ip: self.used_by_ip.clone()?,
            user_agent_hash: self.used_by_user_agent_hash.clone()?,
        };
        Some((self.used_at?, by))
    }
}

/// A new token.
#[derive(Debug, Insertable)]
#[diesel(table_name = refresh_tokens)]
pub(crate) struct NewToken {
    pub(crate) id: Uuid,
    pub(crate) session_id: Uuid,
    pub(crate) parent_id: Option<Uuid>,
    pub(crate) token_hash: Vec<u8>,
    pub(crate) issued_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Stores a new token.
pub(crate) async fn insert(conn: &mut AsyncPgConnection, token: &NewToken) -> QueryResult<()> {
    diesel::insert_into(refresh_tokens::table)
        .values(token)
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// The session that a token belongs to; taken before any lock, as a token never changes family.
pub(crate) async fn find_session(
    conn: &mut AsyncPgConnection,
    token_hash: &[u8],
) -> QueryResult<Option<SessionId>> {
    refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(token_hash))
        .select(refresh_tokens::session_id)
        .first::<Uuid>(conn)
        .await
        .optional()
        .map(|id| id.map(SessionId))
}

/// The token with this hash.
pub(crate) async fn get(conn: &mut AsyncPgConnection, token_hash: &[u8]) -> QueryResult<TokenRow> {
    refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(token_hash))
        .select(TokenRow::as_select())
        .first(conn)
        .await
}

/// Whether the token that took the place of `parent` has itself been used.
pub(crate) async fn is_successor_used(
    conn: &mut AsyncPgConnection,
    parent: TokenId,
) -> QueryResult<bool> {
    let used: Option<bool> = refresh_tokens::table
        .filter(refresh_tokens::parent_id.eq(parent.0))
        .select(refresh_tokens::used_at.is_not_null())
        .first(conn)
        .await
        .optional()?;
    Ok(used.unwrap_or(false))
}

/// Marks a token as used, and keeps its sealed successor for a second tab.
pub(crate) async fn mark_used(
    conn: &mut AsyncPgConnection,
    id: TokenId,
    by: &Fingerprint,
    successor_ct: &[u8],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(refresh_tokens::table.find(id.0))
        .set((
            refresh_tokens::used_at.eq(now),
            refresh_tokens::used_by_ip.eq(&by.ip),
            refresh_tokens::used_by_user_agent_hash.eq(&by.user_agent_hash),
            refresh_tokens::successor_ct.eq(successor_ct),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Drops the sealed successors of a family's older tokens, which no second tab can ask for any more.
pub(crate) async fn forget_successors(
    conn: &mut AsyncPgConnection,
    session: SessionId,
) -> QueryResult<()> {
    diesel::update(refresh_tokens::table)
        .filter(refresh_tokens::session_id.eq(session.0))
        .filter(refresh_tokens::successor_ct.is_not_null())
        .set(refresh_tokens::successor_ct.eq(None::<Vec<u8>>))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}
