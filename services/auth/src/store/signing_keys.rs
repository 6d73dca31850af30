//! Signing keys.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection as _};
use serde_json::Value;

use super::schema::auth::signing_keys;

/// A signing key as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_keys, check_for_backend(diesel::pg::Pg))]
pub(crate) struct KeyRow {
    pub(crate) kid: String,
    pub(crate) private_key_ct: Vec<u8>,
    pub(crate) public_jwk: Value,
    /// `pending`, `active` or `retired`.
    pub(crate) state: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) promote_at: DateTime<Utc>,
    pub(crate) retire_at: Option<DateTime<Utc>>,
}

/// Keeps every other writer of keys out until the transaction ends; readers go on.
pub(crate) async fn lock(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    conn.batch_execute("LOCK TABLE auth.signing_keys IN SHARE ROW EXCLUSIVE MODE")
        .await
}

/// Every key, newest first; there are never more than a few.
pub(crate) async fn list(conn: &mut AsyncPgConnection) -> QueryResult<Vec<KeyRow>> {
    signing_keys::table
        .order(signing_keys::created_at.desc())
        .select(KeyRow::as_select())
        .load(conn)
        .await
}

/// Stores a key.
pub(crate) async fn insert(conn: &mut AsyncPgConnection, key: &KeyRow) -> QueryResult<()> {
    diesel::insert_into(signing_keys::table)
        .values(key)
        .execute(conn)
        .await?;
    Ok(())
}

/// Makes the pending key that is due the active one; the active one retires and stays published until `retire_at`.
/// Answers whether there was one.
pub(crate) async fn promote_due(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    retire_at: DateTime<Utc>,
) -> QueryResult<bool> {
    let due: Option<String> = signing_keys::table
        .filter(signing_keys::state.eq("pending"))
        .filter(signing_keys::promote_at.le(now))
        .select(signing_keys::kid)
        .first(conn)
        .await
        .optional()?;
    let Some(kid) = due else { return Ok(false) };
    diesel::update(signing_keys::table.filter(signing_keys::state.eq("active")))
        .set((
            signing_keys::state.eq("retired"),
            signing_keys::retire_at.eq(retire_at),
        ))
        .execute(conn)
        .await?;
    diesel::update(signing_keys::table.find(kid))
        .set(signing_keys::state.eq("active"))
        .execute(conn)
        .await?;
    Ok(true)
}

/// Deletes retired keys whose last token has expired.
pub(crate) async fn delete_expired(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::delete(signing_keys::table.filter(signing_keys::retire_at.le(now)))
        .execute(conn)
        .await
}
