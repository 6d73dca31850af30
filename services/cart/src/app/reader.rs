//! Reading carts: requests that wait together share one question to PostgreSQL (which state is the newest?), one to Redis, and
//! for what Redis has not, another one to PostgreSQL.
//!
//! A request's question is sent after the request came, so its answer knows every change that was acknowledged before.

use std::sync::Arc;

use common::batcher::{Batcher, Job};
use common::database::Database;

use super::Error;
use super::cache::CartCache;
use super::counters::{Counters, Source};
use crate::domain::cart::Cart;
use crate::domain::owner::Owner;
use crate::store;

/// Carts that are read together at most.
const TOGETHER: usize = 128;
/// Batches at a time: while one waits for PostgreSQL another waits for Redis.
const WORKERS: usize = 2;

type Answer = Result<Option<Arc<Cart>>, Arc<Error>>;

/// Reads carts.
pub(crate) struct Reader {
    batcher: Batcher<Owner, Answer>,
}

#[derive(Clone)]
struct Reading {
    db: Database,
    cache: CartCache,
    counters: Counters,
}

impl Reader {
    /// Starts the workers.
    pub(crate) fn start(db: Database, cache: CartCache, counters: Counters) -> Self {
        let reading = Reading {
            db,
            cache,
            counters,
        };
        let batcher = Batcher::start(WORKERS, TOGETHER, move |jobs| {
            let reading = reading.clone();
            async move { reading.answer(jobs).await }
        });
        Self { batcher }
    }

    /// The newest state of an owner's cart; none if there is no cart.
    pub(crate) async fn read(&self, owner: Owner) -> Result<Option<Arc<Cart>>, Error> {
        self.batcher.ask(owner).await?.map_err(Error::shared)
    }
}

impl Reading {
    async fn answer(&self, jobs: Vec<Job<Owner, Answer>>) {
        let owners: Vec<Owner> = jobs.iter().map(|job| job.question).collect();
        match self.carts_of(&owners).await {
            Ok(carts) => {
                for (job, cart) in jobs.into_iter().zip(carts) {
                    job.answer(Ok(cart));
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                for job in jobs {
                    job.answer(Err(Arc::clone(&error)));
                }
            }
        }
    }

    async fn carts_of(&self, owners: &[Owner]) -> Result<Vec<Option<Arc<Cart>>>, Error> {
        let stamps = {
            let mut conn = self.db.get().await?;
            store::carts::stamps(&mut conn, owners).await?
        };
        if stamps.is_empty() {
            return Ok(owners.iter().map(|_| None).collect());
        }
        let wanted: Vec<_> = stamps.values().copied().collect();
        let mut carts = self.cache.find(&wanted).await;
        self.counters.read(Source::Redis, carts.len());
        let missing: Vec<_> = wanted.iter().map(|stamp| stamp.id).collect();
        let missing: Vec<_> = missing
            .into_iter()
            .filter(|id| !carts.contains_key(id))
            .collect();
        if !missing.is_empty() {
            let mut conn = self.db.get().await?;
            // It may be a newer state than the one asked for: whole, and not older than the request.
            carts.extend(store::carts::load(&mut conn, &missing).await?);
        }
        self.counters.read(Source::Postgres, missing.len());
        let carts: std::collections::HashMap<_, _> = carts
            .into_iter()
            .map(|(id, cart)| (id, Arc::new(cart)))
            .collect();
        let loaded = missing.iter().filter_map(|id| carts.get(id).cloned());
        self.cache.put(loaded.collect());
        let of = |owner| carts.get(&stamps.get(owner)?.id).cloned();
        Ok(owners.iter().map(of).collect())
    }
}
