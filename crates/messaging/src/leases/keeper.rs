//! Holding a lease for as long as a piece of work goes on.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use common::database::{Database, DbError};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Lease, TTL};

/// Renewals in the time that a lease lasts: two may fail without harm.
const RENEWALS_PER_TTL: u32 = 3;
/// Attempts to acquire, or to repeat a failed renewal, in the time that a lease lasts.
const ATTEMPTS_PER_TTL: u32 = 5;
/// A farewell must not hold the process's end up; a lease that is not released runs out.
const RELEASE_PATIENCE: Duration = Duration::from_secs(2);

/// Tries to get a lease, again and again, and has work done while it holds it.
#[derive(Clone)]
pub struct LeaseKeeper {
    db: Database,
    name: &'static str,
    holder: Uuid,
    ttl: Duration,
}

impl LeaseKeeper {
    /// For the lease `name`. `holder` is an id that the process made for itself at its start; two
    /// keepers of one name must not share it, or each would take the lease from the other.
    #[must_use]
    pub fn new(db: Database, name: &'static str, holder: Uuid) -> Self {
        Self {
            db,
            name,
            holder,
            ttl: TTL,
        }
    }

    /// Makes the lease last for `ttl` instead of [`TTL`].
    #[must_use]
    pub fn with_ttl(self, ttl: Duration) -> Self {
        Self { ttl, ..self }
    }

    /// Has `work` done for as long as this process leads, and begun anew each time that it comes to
    /// lead. Ends when told to stop, or when `work` ends by itself; the lease is given back then.
    ///
    /// Work is dropped at its next `.await` when the lease could not be renewed in time, by this
    /// process's monotonic clock, and when told to stop: what must be whole belongs into one
    /// transaction, and each transaction behind [`fence`](super::fence).
    pub async fn hold<F, Fut>(&self, shutdown: CancellationToken, work: F)
    where
        F: Fn(Lease) -> Fut,
        Fut: Future<Output = ()> + Send,
    {
        while !shutdown.is_cancelled() {
            // Taken before the question is sent, so that this clock never promises more than the row.
            let asked_at = Instant::now();
            match self.acquire().await {
                Ok(Some(lease)) => {
                    tracing::info!(lease = self.name, epoch = lease.epoch(), "leads");
                    let held = Held {
                        lease: lease.clone(),
                        valid_until: asked_at + self.ttl,
                    };
                    match self.keep(held, &shutdown, work(lease.clone())).await {
                        Ended::Lost => tracing::warn!(lease = self.name, "no longer leads"),
                        Ended::Done => return self.release(lease).await,
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::debug!(lease = self.name, cause = %error, "not to be had now");
                }
            }
            tokio::select! {
                () = sleep(self.ttl / ATTEMPTS_PER_TTL) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    async fn acquire(&self) -> Result<Option<Lease>, DbError> {
        let mut conn = self.db.get().await?;
        Ok(Lease::acquire(&mut conn, self.name, self.holder, self.ttl).await?)
    }

    async fn keep(
        &self,
        mut held: Held,
        shutdown: &CancellationToken,
        work: impl Future<Output = ()> + Send,
    ) -> Ended {
        let mut work = Box::pin(work);
        let every = self.ttl / RENEWALS_PER_TTL;
        let mut renewal = Box::pin(self.renew_at(held.valid_until - self.ttl + every, &held.lease));
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return Ended::Done,
                () = sleep_until(held.valid_until) => return Ended::Lost,
                (asked_at, renewed) = &mut renewal => {
                    let next = match renewed {
                        Ok(true) => {
                            held.valid_until = asked_at + self.ttl;
                            asked_at + every
                        }
                        Ok(false) => return Ended::Lost,
                        Err(error) => {
                            tracing::warn!(lease = self.name, cause = %error, "not renewed yet");
                            Instant::now() + self.ttl / ATTEMPTS_PER_TTL
                        }
                    };
                    renewal.set(self.renew_at(next, &held.lease));
                }
                () = until(held.valid_until, work.as_mut()) => return Ended::Done,
            }
        }
    }

    /// Renews at a time; answers when it asked, and what came of it.
    async fn renew_at(&self, time: Instant, lease: &Lease) -> (Instant, Result<bool, DbError>) {
        sleep_until(time).await;
        let asked_at = Instant::now();
        let renewed = async {
            let mut conn = self.db.get().await?;
            Ok(lease.renew(&mut conn, self.ttl).await?)
        };
        (asked_at, renewed.await)
    }

    async fn release(&self, lease: Lease) {
        let released = timeout(RELEASE_PATIENCE, async {
            let mut conn = self.db.get().await?;
            lease.release(&mut conn).await.map_err(DbError::from)
        });
        if !matches!(released.await, Ok(Ok(()))) {
            tracing::debug!(lease = self.name, "not given back; it runs out by itself");
        }
    }
}

struct Held {
    lease: Lease,
    /// By this process's own clock; never later than what the row says.
    valid_until: Instant,
}

enum Ended {
    /// Another leads, or may lead.
    Lost,
    /// Told to stop, or nothing left to do.
    Done,
}

/// Lets work go on until a time, to the instant: after this process was stopped, work may be woken
/// before the timer is.
async fn until(time: Instant, mut work: Pin<&mut (impl Future<Output = ()> + Send)>) {
    poll_fn(|context| {
        if Instant::now() >= time {
            return Poll::Pending;
        }
        work.as_mut().poll(context)
    })
    .await;
}
