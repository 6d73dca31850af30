//! An exact rate limit shared by all replicas, and what takes its place while Redis is away.
//!
//! One Redis script is in flight at a time; it carries every hit that came in meanwhile, so that the price of a round
//! trip is shared under load and paid at once when idle.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ::redis::Script;
use chrono::{DateTime, Utc};
use moka::sync::Cache;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::clock::{Clock, SystemClock};
use crate::redis::{CallError, Redis};

/// Hits decided in one call to Redis at most.
const BATCH_MAX: usize = 512;
/// Hits that may wait; beyond it the in-process limiter decides at once.
const QUEUE_MAX: usize = 8_192;
/// How long Redis is left alone after it failed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Keys the in-process limiter remembers at most.
const LOCAL_KEYS_MAX: u64 = 100_000;

/// What became of a hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Hits allowed in a window.
    pub limit: u32,
    /// Hits left in this window.
    pub remaining: u32,
    /// When the window ends.
    pub reset_at: DateTime<Utc>,
    /// Whether this hit is within the limit.
    pub allowed: bool,
}

impl Decision {
    /// Whole seconds until the window ends, at least 1: the value of `Retry-After`.
    #[must_use]
    pub fn retry_after_secs(&self) -> u64 {
        let left = self.reset_at - SystemClock.now();
        u64::try_from(left.num_milliseconds().max(0))
            .unwrap_or(0)
            .div_ceil(1000)
            .max(1)
    }
}

/// Counts hits. Cheap to clone; clones share the queue to Redis.
#[derive(Clone)]
pub struct Limiter {
    queue: mpsc::Sender<Hit>,
    local: Local,
}

struct Hit {
    key: String,
    window: Duration,
    answer: oneshot::Sender<Option<Count>>,
}

/// Hits so far in the window, and the time until it ends.
#[derive(Debug, Clone, Copy)]
struct Count {
    hits: u32,
    left: Duration,
}

impl Limiter {
    /// Starts the task that talks to Redis, on the current runtime.
    #[must_use]
    pub fn start(redis: Redis) -> Self {
        Self::run(redis, Local::default())
    }

    /// A limiter with a task of its own on the current runtime, so that its hits never cross threads; while Redis is
    /// away both count together.
    #[must_use]
    pub fn with_own_queue(&self, redis: Redis) -> Self {
        Self::run(redis, self.local.clone())
    }

    fn run(redis: Redis, local: Local) -> Self {
        let (queue, hits) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(run(redis, hits));
        Self { queue, local }
    }

    /// Counts a hit on `key` and tells whether it is within `limit` for each `window`.
    pub async fn hit(&self, key: String, limit: u32, window: Duration) -> Decision {
        // Counted here as well, so that a hit which Redis does not answer in time meets those that came before.
        let here = self.local.hit(&key, window);
        let (answer, answered) = oneshot::channel();
        let hit = Hit {
            key,
            window,
            answer,
        };
        let everywhere = match self.queue.try_send(hit) {
            Ok(()) => answered.await.ok().flatten(),
            Err(_full_or_stopped) => None,
        };
        let count = everywhere.unwrap_or(here);
        Decision {
            limit,
            remaining: limit.saturating_sub(count.hits),
            reset_at: SystemClock.now() + count.left,
            allowed: count.hits <= limit,
        }
    }
}

async fn run(redis: Redis, mut hits: mpsc::Receiver<Hit>) {
    let script = Script::new(include_str!("rate_limit.lua"));
    let mut paused_until: Option<Instant> = None;
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while hits.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let paused = paused_until.is_some_and(|until| Instant::now() < until);
        let counts = if paused {
            Vec::new()
        } else {
            count(&redis, &script, &batch).await
        };
        if counts.is_empty() && !paused {
            paused_until = Some(Instant::now() + PAUSE_AFTER_FAILURE);
        }
        let mut counts = counts.into_iter();
        for hit in batch.drain(..) {
            // Whoever asked may have gone; then nobody misses the answer.
            let _ = hit.answer.send(counts.next());
        }
    }
}

async fn count(redis: &Redis, script: &Script, batch: &[Hit]) -> Vec<Count> {
    let mut invocation = script.prepare_invoke();
    for hit in batch {
        invocation.key(hit.key.as_str());
        invocation.arg(u64::try_from(hit.window.as_millis()).unwrap_or(u64::MAX));
    }
    let answer: Result<Vec<u64>, CallError> = redis.run(&invocation).await;
    match answer {
        Ok(flat) if flat.len() == 2 * batch.len() => flat
            .chunks_exact(2)
            .map(|pair| match pair {
                [hits, left] => Count {
                    hits: u32::try_from(*hits).unwrap_or(u32::MAX),
                    left: Duration::from_millis(*left),
                },
                _ => Count {
                    hits: 1,
                    left: Duration::ZERO,
                },
            })
            .collect(),
        Ok(_) => Vec::new(),
        Err(error) => {
            tracing::warn!(cause = %error, "the rate limit is counted in this process for now");
            Vec::new()
        }
    }
}

/// Counts in this process only: with several replicas the limit is that many times as high, which is still a limit.
#[derive(Clone)]
struct Local {
    windows: Cache<String, (Arc<AtomicU32>, Instant)>,
}

impl Default for Local {
    fn default() -> Self {
        Self {
            windows: Cache::builder().max_capacity(LOCAL_KEYS_MAX).build(),
        }
    }
}

impl Local {
    fn hit(&self, key: &str, window: Duration) -> Count {
        let now = Instant::now();
        let fresh = || (Arc::new(AtomicU32::new(0)), now + window);
        let entry = self
            .windows
            .entry_by_ref(key)
            .or_insert_with_if(fresh, |(_, ends)| *ends <= now);
        let (hits, ends) = entry.into_value();
        Count {
            hits: hits.fetch_add(1, Ordering::Relaxed).saturating_add(1),
            left: ends.saturating_duration_since(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::RedisSettings;

    fn nowhere() -> Redis {
        Redis::connect(&RedisSettings::new("redis://127.0.0.1:1/")).unwrap()
    }

    #[tokio::test]
    async fn without_redis_the_limit_still_holds() {
        let limiter = Limiter::start(nowhere());
        let mut allowed = 0;
        for _ in 0..20 {
            let decision = limiter.hit("k".into(), 5, Duration::from_secs(60)).await;
            allowed += u32::from(decision.allowed);
        }
        assert_eq!(allowed, 5);
    }

    #[tokio::test]
    async fn a_window_that_ended_is_forgotten() {
        let limiter = Limiter::start(nowhere());
        for _ in 0..3 {
            limiter.hit("k".into(), 1, Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert!(
            limiter
                .hit("k".into(), 1, Duration::from_millis(20))
                .await
                .allowed
        );
    }
}
