//! The tokens in mailed links: only their hashes are here, and each works once.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::auth::one_time_tokens;
use crate::domain::ids::UserId;

/// What a link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Confirms an e-mail address.
    VerifyEmail,
    /// Sets a new password.
    PasswordReset,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::PasswordReset => "password_reset",
        }
    }
}

/// A token to store.
#[derive(Debug)]
pub(crate) struct NewOneTimeToken {
    pub(crate) id: Uuid,
    pub(crate) user: UserId,
    pub(crate) purpose: Purpose,
    pub(crate) hash: [u8; 32],
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Stores a token in place of the older ones for the same purpose. The caller holds the account's row, so that two
/// mails sent at once do not both have a live link.
pub(crate) async fn replace(
    conn: &mut AsyncPgConnection,
    token: &NewOneTimeToken,
) -> QueryResult<()> {
    retire(conn, token.user, token.purpose, token.created_at).await?;
    diesel::insert_into(one_time_tokens::table)
        .values((
            one_time_tokens::id.eq(token.id),
            one_time_tokens::user_id.eq(token.user.0),
            one_time_tokens::kind.eq(token.purpose.as_str()),
            one_time_tokens::token_hash.eq(token.hash.as_slice()),
            one_time_tokens::created_at.eq(token.created_at),
            one_time_tokens::expires_at.eq(token.expires_at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Makes an account's links of one purpose worthless.
pub(crate) async fn retire(
    conn: &mut AsyncPgConnection,
    user: UserId,
    purpose: Purpose,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(
        one_time_tokens::table
            .filter(one_time_tokens::user_id.eq(user.0))
            .filter(one_time_tokens::kind.eq(purpose.as_str()))
            .filter(one_time_tokens::used_at.is_null()),
    )
    .set(one_time_tokens::used_at.eq(now))
    .execute(conn)
    .await?;
    Ok(())
}

/// Whose token this is, if it can still be used; it stays usable.
pub(crate) async fn find_owner(
    conn: &mut AsyncPgConnection,
    purpose: Purpose,
    hash: &[u8; 32],
    now: DateTime<Utc>,
) -> QueryResult<Option<UserId>> {
    let owner = one_time_tokens::table
        .filter(one_time_tokens::token_hash.eq(hash.as_slice()))
        .filter(one_time_tokens::kind.eq(purpose.as_str()))
        .filter(one_time_tokens::used_at.is_null())
        .filter(one_time_tokens::expires_at.gt(now))
        .select(one_time_tokens::user_id)
        .first(conn)
        .await
        .optional()?;
    Ok(owner.map(UserId))
}

/// Uses a token up. Of any number of concurrent attempts exactly one is told that it was good.
pub(crate) async fn burn(
    conn: &mut AsyncPgConnection,
    purpose: Purpose,
    hash: &[u8; 32],
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let burnt = diesel::update(
        one_time_tokens::table
            .filter(one_time_tokens::token_hash.eq(hash.as_slice()))
            .filter(one_time_tokens::kind.eq(purpose.as_str()))
            .filter(one_time_tokens::used_at.is_null())
            .filter(one_time_tokens::expires_at.gt(now)),
    )
    .set(one_time_tokens::used_at.eq(now))
    .execute(conn)
    .await?;
    Ok(burnt == 1)
}

/// Forgets all of an account's tokens.
pub(crate) async fn delete_all(conn: &mut AsyncPgConnection, user: UserId) -> QueryResult<()> {
    diesel::delete(one_time_tokens::table.filter(one_time_tokens::user_id.eq(user.0)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets tokens that have expired, used or not; answers how many.
pub(crate) async fn sweep(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(one_time_tokens::table.filter(one_time_tokens::expires_at.le(now)))
        .execute(conn)
        .await
}
