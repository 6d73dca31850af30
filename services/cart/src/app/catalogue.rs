//! What variants offer: as the catalogue says now, or as it last said while it is away.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use common::Clock;
use common::batcher::Batcher;
use common::database::Database;
use moka::sync::Cache;

use super::Error;
use super::counters::Counters;
use super::lookups::{Answer, Found, Lookups, Wanted};
use crate::clients::catalog::CatalogClient;
use crate::domain::cart::Cart;
use crate::domain::ids::{ProductId, VariantId};
use crate::domain::offer::Offer;
use crate::store;

/// Variants and products that are kept in memory for a moment.
const CACHED_MAX: u64 = 20_000;
/// Questions that are asked together at most; each may be about as many variants as a cart has lines.
const TOGETHER: usize = 64;
/// Questions on their way at a time.
const WORKERS: usize = 4;

/// How the catalogue is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CatalogueSettings {
    /// How long an answer counts as current.
    pub(crate) fresh_for: Duration,
    /// How long an answer is waited for.
    pub(crate) deadline: Duration,
}

/// Knows what variants offer.
pub(crate) struct Catalogue {
    batcher: Batcher<Wanted, Answer>,
    lookups: Lookups,
    /// `None` is a variant that nobody knows.
    offers: Cache<VariantId, Option<Arc<Offer>>>,
    products: Cache<ProductId, Arc<Vec<VariantId>>>,
    db: Database,
}

impl Catalogue {
    /// Starts the workers.
    pub(crate) fn start(
        client: CatalogClient,
        settings: CatalogueSettings,
        db: &Database,
        clock: Arc<dyn Clock>,
        counters: Counters,
    ) -> Self {
        let lookups = Lookups::new(client, settings.deadline, db.clone(), clock, counters);
        let asking = lookups.clone();
        let batcher = Batcher::start(WORKERS, TOGETHER, move |jobs| {
            let asking = asking.clone();
            async move { asking.answer(jobs).await }
        });
        let (offers, products) = (Cache::builder(), Cache::builder());
        let fresh_for = settings.fresh_for;
        Self {
            batcher,
            lookups,
            offers: offers
                .max_capacity(CACHED_MAX)
                .time_to_live(fresh_for)
                .build(),
            products: products
                .max_capacity(CACHED_MAX)
                .time_to_live(fresh_for)
                .build(),
            db: db.clone(),
        }
    }

    /// What the lines of a cart offer now. While the catalogue is away, what they offered last.
    pub(crate) async fn offers_in(&self, cart: &Cart) -> Result<HashMap<VariantId, Offer>, Error> {
        let ids: Vec<VariantId> = cart.lines.iter().map(|line| line.variant_id).collect();
        match self.offers(&ids).await {
            Err(Error::Catalogue(cause)) => {
                tracing::debug!(cause, "a cart is shown with what was known last");
                self.last_known(&ids).await
            }
            other => other,
        }
    }

    /// What a variant offers; none if there is no such variant. While the catalogue is away, only what was put in a cart
    /// before can be told.
    pub(crate) async fn offer(&self, id: VariantId) -> Result<Option<Offer>, Error> {
        match self.offers(&[id]).await {
            Ok(mut offers) => Ok(offers.remove(&id)),
            Err(Error::Catalogue(cause)) => match self.last_known(&[id]).await?.remove(&id) {
                Some(offer) => Ok(Some(offer)),
                None => Err(Error::Catalogue(cause)),
            },
            Err(error) => Err(error),
        }
    }

    /// What the variants of a product offer; none if there is no such product.
    pub(crate) async fn offers_of(&self, product: ProductId) -> Result<Vec<Offer>, Error> {
        if let Some(ids) = self.products.get(&product) {
            let offers = ids.iter().map(|id| self.offers.get(id).flatten());
            if let Some(offers) = offers.collect::<Option<Vec<_>>>() {
                return Ok(offers.iter().map(|offer| offer.as_ref().clone()).collect());
            }
        }
        let wanted = Wanted {
            variants: Vec::new(),
            products: vec![product],
        };
        match self.ask(wanted).await {
            Ok(found) => {
                let ids = found.products.get(&product).into_iter().flatten();
                Ok(ids.filter_map(|id| found.offers.get(id).cloned()).collect())
            }
            Err(Error::Catalogue(cause)) => {
                let mut conn = self.db.get().await?;
                let known = store::known_variants::find_of_product(&mut conn, product).await?;
                if known.is_empty() {
                    return Err(Error::Catalogue(cause));
                }
                Ok(known)
            }
            Err(error) => Err(error),
        }
    }

    /// What the catalogue says of a product at this moment.
    pub(crate) async fn of_product(&self, product: ProductId) -> Result<Vec<Offer>, Error> {
        self.lookups.of_product(product).await
    }

    async fn offers(&self, ids: &[VariantId]) -> Result<HashMap<VariantId, Offer>, Error> {
        let mut offers = HashMap::with_capacity(ids.len());
        let mut missing = Vec::new();
        for id in ids {
            match self.offers.get(id) {
                Some(Some(offer)) => {
                    offers.insert(*id, offer.as_ref().clone());
                }
                Some(None) => {}
                None => missing.push(*id),
            }
        }
        if missing.is_empty() {
            return Ok(offers);
        }
        let wanted = Wanted {
            variants: missing.clone(),
            products: Vec::new(),
        };
        let found = self.ask(wanted).await?;
        for id in missing {
            let offer = found.offers.get(&id);
            self.offers.insert(id, offer.cloned().map(Arc::new));
            offers.extend(offer.map(|offer| (id, offer.clone())));
        }
        Ok(offers)
    }

    async fn ask(&self, wanted: Wanted) -> Result<Arc<Found>, Error> {
        let products = wanted.products.clone();
        let found = self.batcher.ask(wanted).await?.map_err(Error::shared)?;
        for product in products {
            let ids = found.products.get(&product).cloned().unwrap_or_default();
            for id in &ids {
                let offer = found.offers.get(id).cloned().map(Arc::new);
                self.offers.insert(*id, offer);
            }
            self.products.insert(product, Arc::new(ids));
        }
        Ok(found)
    }

    async fn last_known(&self, ids: &[VariantId]) -> Result<HashMap<VariantId, Offer>, Error> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let mut conn = self.db.get().await?;
        let known = store::known_variants::find(&mut conn, ids).await?;
        let known = known.into_iter().map(|offer| (offer.variant_id, offer));
        Ok(known.collect())
    }
}
