//! Answers in Redis, which all processes share. Whatever it does, this can only make them slower: an entry that is lost is
//! made again, and one of another edition than the one Redis names is not used.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use common::breaker::{Breaker, BreakerSettings};
use common::ids;
use common::redis::{CallError, Redis};
use redis::cmd;
use tokio::sync::Semaphore;

use super::{Answer, KEPT};

/// The largest body that is kept, in bytes.
const BODY_MAX: usize = 256 * 1024;
/// Writes on their way at the same time; beyond that they are left out.
const WRITES: usize = 8;
/// What stands between the edition and the body.
const SEPARATOR: u8 = b'\n';

/// The part of the answers that lies in Redis.
pub(crate) struct Shared {
    redis: Redis,
    prefix: String,
    breaker: Arc<Breaker>,
    writes: Arc<Semaphore>,
    seen: Mutex<Seen>,
}

/// What this process knows of the shared edition.
#[derive(Debug, Default)]
struct Seen {
    edition: Option<String>,
    /// An edition that was to begin could not be written: until it is, what Redis has may be old.
    is_owed: bool,
}

/// What Redis has.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The edition it names, if it can be relied on.
    pub(super) edition: Option<String>,
    /// The answer in this edition.
    pub(super) body: Option<Vec<u8>>,
}

impl Shared {
    /// Entries whose keys begin with `prefix`.
    pub(crate) fn new(redis: Redis, prefix: &str) -> Self {
        let breaker = BreakerSettings {
            window: 10,
            failures_percent: 30,
            open_for: Duration::from_secs(1),
        };
        Self {
            redis,
            prefix: format!("{prefix}catalog:"),
            breaker: Arc::new(Breaker::new(breaker)),
            writes: Arc::new(Semaphore::new(WRITES)),
            seen: Mutex::default(),
        }
    }

    /// Looks for an answer. The edition is read with it, before anything is read that it may be made of.
    pub(super) async fn find(&self, name: &str) -> Found {
        if self.seen(|seen| seen.is_owed) {
            return Found::default();
        }
        let mut get = cmd("MGET");
        get.arg(self.edition_key()).arg(self.key(name));
        let call = self.redis.call::<(Option<String>, Option<Vec<u8>>)>(&get);
        let Some((Some(edition), entry)) = self.guarded(call).await else {
            return Found::default();
        };
        let body = entry.and_then(|entry| body_of(&edition, &entry));
        Found {
            body,
            edition: Some(edition),
        }
    }

    /// Keeps an answer of an edition, while nobody waits.
    pub(super) fn keep(&self, edition: &str, name: &str, answer: &Answer) {
        let Ok(permit) = Arc::clone(&self.writes).try_acquire_owned() else {
            return;
        };
        if answer.body.len() > BODY_MAX {
            return;
        }
        let entry = [edition.as_bytes(), &[SEPARATOR], &answer.body].concat();
        let mut set = cmd("SET");
        set.arg(self.key(name)).arg(entry);
        set.arg("EX").arg(KEPT.as_secs());
        let (redis, breaker) = (self.redis.clone(), Arc::clone(&self.breaker));
        tokio::spawn(async move {
            let _: Option<()> = guarded(&breaker, redis.call(&set)).await;
            drop(permit);
        });
    }

    /// Begins an edition.
    pub(super) async fn renew(&self) {
        let edition = ids::new_id().simple().to_string();
        let mut set = cmd("SET");
        set.arg(self.edition_key()).arg(&edition);
        // Not guarded: one call that is left out here would leave all others with what is old.
        let written: Result<(), CallError> = self.redis.call(&set).await;
        self.seen(|seen| {
            seen.is_owed = written.is_err();
            seen.edition = written.is_ok().then_some(edition);
        });
    }

    /// Whether Redis names another edition than it did; makes up for what could not be written.
    pub(super) async fn has_another_edition(&self) -> bool {
        if self.seen(|seen| seen.is_owed) {
            self.renew().await;
            return !self.seen(|seen| seen.is_owed);
        }
        let mut get = cmd("GET");
        get.arg(self.edition_key());
        match self.redis.call::<Option<String>>(&get).await {
            Ok(Some(edition)) => self.seen(|seen| {
                let is_another = seen.edition.as_ref() != Some(&edition);
                seen.edition = Some(edition);
                is_another
            }),
            // It was emptied, or is new.
            Ok(None) => {
                self.renew().await;
                !self.seen(|seen| seen.is_owed)
            }
            Err(_) => false,
        }
    }

    fn seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn edition_key(&self) -> String {
        format!("{}edition", self.prefix)
    }

    fn key(&self, name: &str) -> String {
        format!("{}answer:{name}", self.prefix)
    }

    async fn guarded<T>(&self, call: impl Future<Output = Result<T, CallError>>) -> Option<T> {
        guarded(&self.breaker, call).await
    }
}

async fn guarded<T>(
    breaker: &Breaker,
    call: impl Future<Output = Result<T, CallError>>,
) -> Option<T> {
    breaker.try_pass().ok()?;
    let answer = call.await;
    breaker.report(answer.is_ok());
    answer
        .inspect_err(|error| tracing::debug!(cause = %error, "Redis was not used"))
        .ok()
}

/// The body, if the entry is of this edition.
fn body_of(edition: &str, entry: &[u8]) -> Option<Vec<u8>> {
    let body = entry
        .strip_prefix(edition.as_bytes())?
        .strip_prefix(&[SEPARATOR])?;
    Some(body.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_of_another_edition_is_not_used() {
        assert_eq!(body_of("0199", b"0199\n{}"), Some(b"{}".to_vec()));
        for other in [&b"0198\n{}"[..], b"01990\n{}", b"0199", b""] {
            assert_eq!(body_of("0199", other), None);
        }
    }
}
