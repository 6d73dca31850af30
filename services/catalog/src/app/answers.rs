//! Ready-made public answers: in this process, behind it in Redis, and made from PostgreSQL where neither has them.
//!
//! What the shop shows changes as a whole. Each change begins a new *edition*, and an answer belongs to the edition that was
//! the newest before anything for it was read; so what is being made while something changes is never taken for what is shown
//! afterwards. This process counts its own editions, and Redis names one that all processes share:
//!
//! - Who changes something begins an edition once the change is committed, before it answers.
//! - The others see within [`LOOK_EVERY`] that Redis names another one, and hear of it from the broker, too.
//! - Without Redis they hear it from the broker; without both, an answer is at most [`KEPT`] old.

mod answer;
mod shared;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::ApiError;
use moka::future::Cache;
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

pub(crate) use self::answer::Answer;
pub(crate) use self::shared::Shared;
use super::Error;
use super::counters::{Counters, Source};

/// How long an answer is shown that nothing is heard about.
pub(super) const KEPT: Duration = Duration::from_secs(30);
/// How often each process looks which edition Redis names.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Changes that are heard of within this time begin one edition: a sale changes stock hundreds of times a second.
const GATHERED: Duration = Duration::from_millis(200);
/// What an entry takes beside its texts, in bytes.
const OVERHEAD: usize = 256;

/// The ready-made answers of this process.
pub(crate) struct Answers {
    here: Cache<Place, Arc<Answer>>,
    edition: AtomicU64,
    shared: Shared,
    heard: Notify,
    counters: Counters,
}

/// An answer's edition and name.
type Place = (u64, String);

impl Answers {
    /// None yet; in time as many as fit into `bytes`.
    pub(crate) fn new(bytes: u64, shared: Shared, counters: Counters) -> Self {
        let here = Cache::builder()
            .weigher(|(_, name): &Place, answer: &Arc<Answer>| {
                let bytes = name.len() + answer.bytes() + OVERHEAD;
                u32::try_from(bytes).unwrap_or(u32::MAX)
            })
            .max_capacity(bytes)
            .time_to_live(KEPT)
            .build();
        Self {
            here,
            edition: AtomicU64::new(0),
            shared,
            heard: Notify::new(),
            counters,
        }
    }

    /// The answer of this name in the newest edition. However many want it at once, one of them makes it.
    ///
    /// # Errors
    /// What `make` fails with; nothing is kept then.
    pub(crate) async fn get(
        &self,
        name: String,
        make: impl Future<Output = Result<Vec<u8>, ApiError>>,
    ) -> Result<Arc<Answer>, ApiError> {
        let place = (self.edition.load(Ordering::Acquire), name);
        if let Some(answer) = self.here.get(&place).await {
            self.counters.answered(Source::Here);
            return Ok(answer);
        }
        let name = place.1.clone();
        let filling = self.fill(&name, make);
        let filled = self.here.entry(place).or_try_insert_with(filling).await;
        let filled = filled.map_err(|error| ApiError::clone(&error))?;
        if !filled.is_fresh() {
            self.counters.answered(Source::Here);
        }
        Ok(filled.into_value())
    }

    async fn fill(
        &self,
        name: &str,
        make: impl Future<Output = Result<Vec<u8>, ApiError>>,
    ) -> Result<Arc<Answer>, ApiError> {
        let found = self.shared.find(name).await;
        if let Some(body) = found.body {
            self.counters.answered(Source::Redis);
            return Ok(Arc::new(Answer::of(body)));
        }
        let answer = Arc::new(Answer::of(make.await?));
        self.counters.answered(Source::Postgres);
        if let Some(edition) = found.edition {
            self.shared.keep(&edition, name, &answer);
        }
        Ok(answer)
    }

    /// Begins an edition after a change, unless a rule refused it; passes its outcome on.
    pub(crate) async fn after<T>(&self, changed: Result<T, Error>) -> Result<T, Error> {
        let is_refused = changed.as_ref().is_err_and(Error::is_refusal);
        if !is_refused {
            self.renew().await;
        }
        changed
    }

    /// Begins an edition, here and in Redis.
    pub(crate) async fn renew(&self) {
        // Redis first: who reads in the new edition must not find what belongs to the old one there.
        self.shared.renew().await;
        self.turn();
    }

    /// Says that something has changed; an edition begins soon.
    pub(crate) fn hear(&self) {
        self.heard.notify_one();
    }

    /// Follows what others change, until told to stop.
    pub(crate) async fn follow(self: Arc<Self>, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.heard.notified() => {
                    sleep(GATHERED).await;
                    self.renew().await;
                }
                () = sleep(LOOK_EVERY) => {
                    if self.shared.has_another_edition().await {
                        self.turn();
                    }
                }
            }
        }
    }

    fn turn(&self) {
        self.edition.fetch_add(1, Ordering::AcqRel);
        // Only for the room: nobody asks for their edition any more.
        self.here.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use common::metrics::Metrics;
    use common::redis::{Redis, RedisSettings};
    use futures_util::future::join_all;

    use super::*;

    fn answers() -> Answers {
        let settings = RedisSettings {
            deadline: Duration::from_millis(20),
            // Nothing listens there.
            ..RedisSettings::new("redis://127.0.0.1:1")
        };
        let shared = Shared::new(Redis::connect(&settings).unwrap(), "");
        let counters = Counters::register(&Metrics::new("catalog").unwrap()).unwrap();
        Answers::new(1024 * 1024, shared, counters)
    }

    async fn made(text: &str) -> Result<Vec<u8>, ApiError> {
        Ok(text.as_bytes().to_vec())
    }

    async fn get(
        answers: &Answers,
        make: impl Future<Output = Result<Vec<u8>, ApiError>>,
    ) -> String {
        let answer = answers.get("products".to_owned(), make).await.unwrap();
        String::from_utf8(answer.body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn what_was_being_made_while_something_changed_is_not_shown_afterwards() {
        let answers = answers();
        let making = async {
            // The old state has been read; then the change is committed.
            answers.renew().await;
            made("old").await
        };
        assert_eq!(get(&answers, making).await, "old");
        assert_eq!(get(&answers, made("new")).await, "new");
        assert_eq!(get(&answers, made("not asked for")).await, "new");
    }

    #[tokio::test]
    async fn one_of_many_makes_it() {
        let answers = answers();
        let count = AtomicU64::new(0);
        let make = || async {
            count.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
            made("answer").await
        };
        let all = join_all((0..100).map(|_| get(&answers, make()))).await;
        assert!(all.iter().all(|answer| answer == "answer"));
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_failure_is_told_to_all_and_not_kept() {
        let answers = answers();
        let fail = async { Err(ApiError::not_found("product")) };
        assert!(answers.get("products".to_owned(), fail).await.is_err());
        assert_eq!(get(&answers, made("there")).await, "there");
    }
}
