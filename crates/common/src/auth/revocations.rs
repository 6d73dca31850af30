//! Sessions whose access tokens are dead before they expire.
//!
//! Every process that checks tokens keeps the set in memory and polls auth for news, so that revocation needs neither
//! Redis nor RabbitMQ. Asking for the last minute again each time catches a revocation whose transaction was slow.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::breaker::BreakerSettings;
use crate::client::Sibling;

/// How long a revocation is kept: the life of an access token and both clocks' tolerance.
pub const REVOCATION_TTL: Duration = Duration::from_secs(17 * 60);
/// How far back each poll reaches, so that a late commit is still seen.
const OVERLAP: TimeDelta = TimeDelta::seconds(60);

/// One revoked session.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revocation {
    /// The session.
    pub session_id: Uuid,
    /// When, by auth's database clock.
    pub revoked_at: DateTime<Utc>,
}

/// Revocations after a moment, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RevocationPage {
    /// At most 5,000.
    pub revocations: Vec<Revocation>,
    /// The database's time when the page was read.
    pub as_of: DateTime<Utc>,
    /// Whether there are more after the last one.
    pub has_more: bool,
}

/// Fetches revocations. Auth reads its own schema; everyone else asks auth.
#[async_trait]
pub trait RevocationSource: Send + Sync + 'static {
    /// Those at or after `since`; all that still matter when `None`.
    async fn fetch(&self, since: Option<DateTime<Utc>>) -> anyhow::Result<RevocationPage>;
}

/// Asks auth's `GET /internal/revocations?since=`.
pub struct HttpRevocationSource {
    auth: Sibling,
    path: Url,
}

impl HttpRevocationSource {
    /// A source over a client of auth.
    ///
    /// # Errors
    /// When auth's URL cannot be a base.
    pub fn new(auth: Sibling) -> anyhow::Result<Self> {
        let path = auth.url("/internal/revocations")?;
        // The poll is slow by itself, and a revocation must not wait for a breaker to close.
        let breaker = BreakerSettings {
            open_for: Duration::ZERO,
            ..BreakerSettings::default()
        };
        Ok(Self {
            auth: auth.with_breaker(breaker),
            path,
        })
    }
}

#[async_trait]
impl RevocationSource for HttpRevocationSource {
    async fn fetch(&self, since: Option<DateTime<Utc>>) -> anyhow::Result<RevocationPage> {
        let mut url = self.path.clone();
        if let Some(since) = since {
            url.query_pairs_mut()
                .append_pair("since", &since.to_rfc3339());
        }
        Ok(self.auth.get(url).await?)
    }
}

/// The set itself.
#[derive(Debug, Default)]
pub(super) struct RevocationSet {
    sessions: RwLock<HashMap<Uuid, DateTime<Utc>>>,
}

impl RevocationSet {
    pub fn contains(&self, session: Uuid) -> bool {
        self.sessions
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .contains_key(&session)
    }

    pub fn add(&self, revocations: &[Revocation]) {
        let mut sessions = self
            .sessions
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        sessions.extend(revocations.iter().map(|r| (r.session_id, r.revoked_at)));
    }

    fn forget_before(&self, moment: DateTime<Utc>) {
        let mut sessions = self
            .sessions
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, revoked_at| *revoked_at >= moment);
    }

    /// Reads everything new from the source; answers where to go on from next time.
    pub async fn catch_up(
        &self,
        source: &dyn RevocationSource,
        after: Option<DateTime<Utc>>,
    ) -> anyhow::Result<DateTime<Utc>> {
        let mut since = after.map(|moment| moment - OVERLAP);
        loop {
            let page = source.fetch(since).await?;
            self.add(&page.revocations);
            let last = page.revocations.last().map(|r| r.revoked_at);
            if page.has_more && last.is_some() && last != since {
                since = last;
                continue;
            }
            let ttl = TimeDelta::from_std(REVOCATION_TTL).unwrap_or(OVERLAP);
            self.forget_before(page.as_of - ttl);
            return Ok(page.as_of);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, SystemClock};
    use crate::ids::new_id;
    use std::sync::Mutex;

    /// Serves its revocations two at a time and notes what it was asked.
    struct Pages {
        all: Vec<Revocation>,
        asked: Mutex<Vec<Option<DateTime<Utc>>>>,
    }

    #[async_trait]
    impl RevocationSource for Pages {
        async fn fetch(&self, since: Option<DateTime<Utc>>) -> anyhow::Result<RevocationPage> {
            self.asked.lock().unwrap().push(since);
            let mut due: Vec<_> = self
                .all
                .iter()
                .copied()
                .filter(|r| since.is_none_or(|s| r.revoked_at >= s))
                .collect();
            let has_more = due.len() > 2;
            due.truncate(2);
            Ok(RevocationPage {
                revocations: due,
                as_of: SystemClock.now(),
                has_more,
            })
        }
    }

    #[tokio::test]
    async fn all_pages_are_read_and_the_next_poll_overlaps() {
        let now = SystemClock.now();
        let all: Vec<_> = (0..5)
            .map(|n| Revocation {
                session_id: new_id(),
                revoked_at: now - TimeDelta::seconds(10 - n),
            })
            .collect();
        let source = Pages {
            all: all.clone(),
            asked: Mutex::default(),
        };
        let set = RevocationSet::default();
        let as_of = set.catch_up(&source, None).await.unwrap();
        assert!(all.iter().all(|r| set.contains(r.session_id)));
        set.catch_up(&source, Some(as_of)).await.unwrap();
        assert!(
            source
                .asked
                .lock()
                .unwrap()
                .contains(&Some(as_of - OVERLAP))
        );
    }

    #[tokio::test]
    async fn entries_older_than_any_token_are_forgotten() {
        let old = Revocation {
            session_id: new_id(),
            revoked_at: SystemClock.now() - TimeDelta::minutes(18),
        };
        let set = RevocationSet::default();
        let source = Pages {
            all: vec![old],
            asked: Mutex::default(),
        };
        set.catch_up(&source, None).await.unwrap();
        assert!(!set.contains(old.session_id));
    }
}
