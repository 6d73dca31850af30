//! Making the first key, and the next one.

use chrono::{DateTime, Utc};
use common::crypto::Sealer;
use common::database::Database;
use diesel_async::AsyncConnection as _;

use super::generate::{Generated, generate};
use super::{PENDING, private_key_place};
use crate::store::signing_keys::{self, KeyRow};

/// What [`ensure`] found or did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ensured {
    /// There was a key.
    Present,
    /// The first key was made, and signs from now on.
    Made,
}

/// Makes the first key where there is none; nobody can know an older one, so it signs at once.
///
/// # Errors
/// When the database or openssl fails.
pub async fn ensure(db: &Database, sealer: &Sealer, now: DateTime<Utc>) -> anyhow::Result<Ensured> {
    let mut conn = db.get().await?;
    if !signing_keys::list(&mut conn).await?.is_empty() {
        return Ok(Ensured::Present);
    }
    let key = sealed(generate().await?, sealer, "active", now, now)?;
    conn.transaction(async |conn| {
        signing_keys::lock(conn).await?;
        // Another replica may have been faster.
        if !signing_keys::list(conn).await?.is_empty() {
            return Ok(Ensured::Present);
        }
        signing_keys::insert(conn, &key).await?;
        Ok(Ensured::Made)
    })
    .await
}

/// Makes the next key; the running service begins to sign with it at the moment answered.
///
/// # Errors
/// When one is already waiting for its turn, or the database or openssl fails.
pub async fn rotate(
    db: &Database,
    sealer: &Sealer,
    now: DateTime<Utc>,
) -> anyhow::Result<DateTime<Utc>> {
    let promote_at = now + PENDING;
    let key = sealed(generate().await?, sealer, "pending", now, promote_at)?;
    let mut conn = db.get().await?;
    conn.transaction(async |conn| {
        signing_keys::lock(conn).await?;
        let keys = signing_keys::list(conn).await?;
        if let Some(waiting) = keys.iter().find(|key| key.state == "pending") {
            anyhow::bail!(
                "the next key is already waiting and signs from {}",
                waiting.promote_at
            );
        }
        signing_keys::insert(conn, &key).await?;
        Ok(promote_at)
    })
    .await
}

fn sealed(
    key: Generated,
    sealer: &Sealer,
    state: &str,
    now: DateTime<Utc>,
    promote_at: DateTime<Utc>,
) -> anyhow::Result<KeyRow> {
    Ok(KeyRow {
        private_key_ct: sealer.seal(private_key_place(&key.kid), &key.private_key)?,
        kid: key.kid,
        public_jwk: key.public_jwk,
        state: state.to_owned(),
        created_at: now,
        promote_at,
        retire_at: None,
    })
}
