//! Questions to the catalogue that wait together are asked together, and what it says is kept for when it is away.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use common::Clock;
use common::batcher::Job;
use common::breaker::{Breaker, BreakerSettings};
use common::client::CallError;
use common::database::Database;
use moka::sync::Cache;

use super::Error;
use super::counters::Counters;
use crate::clients::catalog::{ASKED_MAX, CatalogClient};
use crate::domain::ids::{ProductId, VariantId};
use crate::domain::offer::Offer;
use crate::store;

/// Variants that this process remembers to have noted.
const NOTED_MAX: u64 = 50_000;
/// For how long: another process may have noted something else since.
const NOTED_FOR: Duration = Duration::from_secs(60);

/// What somebody wants to know.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    pub(super) variants: Vec<VariantId>,
    pub(super) products: Vec<ProductId>,
}

/// What the catalogue says. A variant that it does not know any more is in it, and cannot be bought.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    pub(super) offers: HashMap<VariantId, Offer>,
    pub(super) products: HashMap<ProductId, Vec<VariantId>>,
}

pub(super) type Answer = Result<Arc<Found>, Arc<Error>>;

/// Asks.
#[derive(Clone)]
pub(super) struct Lookups {
    client: CatalogClient,
    deadline: Duration,
    breaker: Arc<Breaker>,
    noted: Cache<VariantId, Arc<Offer>>,
    db: Database,
    clock: Arc<dyn Clock>,
    counters: Counters,
}

impl Lookups {
    pub(super) fn new(
        client: CatalogClient,
        deadline: Duration,
        db: Database,
        clock: Arc<dyn Clock>,
        counters: Counters,
    ) -> Self {
        // An answer that is late counts as none, which the client's own breaker does not see.
        let breaker = BreakerSettings {
            window: 10,
            failures_percent: 30,
            open_for: Duration::from_secs(1),
        };
        let noted = Cache::builder().max_capacity(NOTED_MAX);
        Self {
            client,
            deadline,
            breaker: Arc::new(Breaker::new(breaker)),
            noted: noted.time_to_live(NOTED_FOR).build(),
            db,
            clock,
            counters,
        }
    }

    /// Answers many questions with few.
    pub(super) async fn answer(&self, jobs: Vec<Job<Wanted, Answer>>) {
        let variants: HashSet<VariantId> = jobs
            .iter()
            .flat_map(|job| job.question.variants.iter().copied())
            .collect();
        let products: HashSet<ProductId> = jobs
            .iter()
            .flat_map(|job| job.question.products.iter().copied())
            .collect();
        let wanted = Wanted {
            variants: variants.into_iter().collect(),
            products: products.into_iter().collect(),
        };
        let answer = self.find(&wanted).await.map(Arc::new).map_err(Arc::new);
        for job in jobs {
            job.answer(answer.clone());
        }
    }

    async fn find(&self, wanted: &Wanted) -> Result<Found, Error> {
        let asked_at = self.clock.now();
        let mut found = Found::default();
        for some in wanted.variants.chunks(ASKED_MAX) {
            let offers = self.guarded(self.client.variants(some)).await?;
            let offers = offers.into_iter().map(|offer| (offer.variant_id, offer));
            found.offers.extend(offers);
        }
        for some in wanted.products.chunks(ASKED_MAX) {
            for product in some {
                found.products.entry(*product).or_default();
            }
            for offer in self.guarded(self.client.variants_of(some)).await? {
                let of_product = found.products.entry(offer.product_id).or_default();
                of_product.push(offer.variant_id);
                found.offers.insert(offer.variant_id, offer);
            }
        }
        self.note(&found, asked_at).await?;
        self.add_gone(wanted, &mut found).await?;
        Ok(found)
    }

    /// Asks the catalogue, unless it failed too often just now.
    pub(super) async fn guarded<T>(
        &self,
        call: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, Error> {
        let refused = self.breaker.try_pass();
        refused.map_err(|refused| Error::Catalogue(refused.to_string()))?;
        let answer = tokio::time::timeout(self.deadline, call).await;
        let answer = match answer {
            Ok(answer) => answer.map_err(Error::from),
            Err(_elapsed) => Err(Error::Catalogue("no answer in time".to_owned())),
        };
        let is_there = !matches!(answer, Err(Error::Catalogue(_)));
        self.breaker.report(is_there);
        self.counters.lookup(answer.is_ok());
        answer
    }

    /// What the product's variants offer, past every cache.
    pub(super) async fn of_product(&self, product: ProductId) -> Result<Vec<Offer>, Error> {
        self.guarded(self.client.variants_of(&[product])).await
    }

    /// Keeps what is new. That the availability changed is not: it does all the time, and is for display only.
    async fn note(
        &self,
        found: &Found,
        asked_at: chrono::DateTime<chrono::Utc>,
    ) -> Result<(), Error> {
        let is_new = |offer: &&Offer| {
            self.noted.get(&offer.variant_id).is_none_or(|noted| {
                let but_for_stock = Offer {
                    available: noted.available,
                    ..(*offer).clone()
                };
                *noted != but_for_stock
            })
        };
        let new: Vec<Offer> = found.offers.values().filter(is_new).cloned().collect();
        if new.is_empty() {
            return Ok(());
        }
        {
            let mut conn = self.db.get().await?;
            store::known_variants::note(&mut conn, &new, asked_at).await?;
        }
        for offer in new {
            self.noted.insert(offer.variant_id, Arc::new(offer));
        }
        Ok(())
    }

    /// What the catalogue does not know any more still has a name.
    async fn add_gone(&self, wanted: &Wanted, found: &mut Found) -> Result<(), Error> {
        let gone: Vec<VariantId> = wanted
            .variants
            .iter()
            .filter(|id| !found.offers.contains_key(id))
            .copied()
            .collect();
        if gone.is_empty() {
            return Ok(());
        }
        let mut conn = self.db.get().await?;
        for mut offer in store::known_variants::find(&mut conn, &gone).await? {
            offer.is_active = false;
            found.offers.insert(offer.variant_id, offer);
        }
        Ok(())
    }
}
