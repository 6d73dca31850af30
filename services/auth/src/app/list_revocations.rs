//! The revocations that every process which checks tokens asks for.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use common::auth::{REVOCATION_TTL, Revocation, RevocationPage, RevocationSource};
use common::database::Database;

use super::Error;
use crate::store;

/// The most revocations in one answer.
const PAGE: usize = 5_000;

/// Those at or after `since`, oldest first; without it all that a living access token may belong to.
pub(crate) async fn list_revocations(
    db: &Database,
    since: Option<DateTime<Utc>>,
) -> Result<RevocationPage, Error> {
    let mut conn = db.get().await?;
    // The clock is read before the list: what commits in between is then later than `as_of`, and found next time.
    let as_of = store::revocations::now(&mut conn).await?;
    let oldest = as_of - TimeDelta::from_std(REVOCATION_TTL).unwrap_or_default();
    let since = since.map_or(oldest, |since| since.max(oldest));
    let mut found = store::revocations::list(&mut conn, since, PAGE + 1).await?;
    let has_more = found.len() > PAGE;
    found.truncate(PAGE);
    let revocations = found
        .into_iter()
        .map(|(session_id, revoked_at)| Revocation {
            session_id,
            revoked_at,
        })
        .collect();
    Ok(RevocationPage {
        revocations,
        as_of,
        has_more,
    })
}

/// This service's own source: its schema.
pub(crate) struct OwnRevocations(pub(crate) Database);

#[async_trait]
impl RevocationSource for OwnRevocations {
    async fn fetch(&self, since: Option<DateTime<Utc>>) -> anyhow::Result<RevocationPage> {
        Ok(list_revocations(&self.0, since).await?)
    }
}
