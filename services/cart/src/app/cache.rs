//! Carts in Redis: what saves PostgreSQL the reading of lines.
//!
//! Nothing here has to be right. An entry says which state of which cart it is, and whoever reads it compares that with the
//! state that PostgreSQL says is the newest. So an entry that is lost, late, or comes back after a failover or from a backup is
//! an entry that is not used; Redis may be emptied or cut off at any moment, and no state older than an acknowledged change is
//! ever shown. Writing is done in passing: if it fails, the next reader does it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use common::breaker::{Breaker, BreakerSettings};
use common::redis::{CallError, Redis};
use money::{Currency, Money};
use redis::{Script, cmd};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::domain::cart::{Cart, Line};
use crate::domain::ids::{CartId, LineId, ProductId, VariantId};
use crate::store::carts::Stamp;

/// How long an entry is kept after it was written.
const KEPT_SECS: u64 = 60 * 60;
/// Writes on their way at the same time; beyond that they are left out.
const WRITES: usize = 8;

/// A Redis that is left alone for a while after it failed.
#[derive(Clone)]
pub(crate) struct CartCache {
    redis: Redis,
    prefix: Arc<str>,
    breaker: Arc<Breaker>,
    writes: Arc<Semaphore>,
    set: Arc<Script>,
}

/// A cart as it lies in Redis. The money is in hundredths.
#[derive(Serialize, Deserialize)]
struct Entry {
    version: i64,
    updated_at: DateTime<Utc>,
    currency: Option<Currency>,
    lines: Vec<EntryLine>,
}

#[derive(Serialize, Deserialize)]
struct EntryLine {
    id: Uuid,
    product_id: Uuid,
    variant_id: Uuid,
    quantity: u32,
    seen_minor: i64,
    added_at: DateTime<Utc>,
}

impl CartCache {
    /// Entries whose keys begin with `prefix`.
    pub(crate) fn new(redis: Redis, prefix: &str) -> Self {
        let breaker = BreakerSettings {
            window: 10,
            failures_percent: 30,
            open_for: Duration::from_secs(1),
        };
        Self {
            redis,
            prefix: Arc::from(prefix),
            breaker: Arc::new(Breaker::new(breaker)),
            writes: Arc::new(Semaphore::new(WRITES)),
            set: Arc::new(Script::new(
                "for i, key in ipairs(KEYS) do redis.call('SET', key, ARGV[i + 1], 'EX', ARGV[1]) end",
            )),
        }
    }

    /// The carts of which Redis has exactly these states.
    pub(crate) async fn find(&self, stamps: &[Stamp]) -> HashMap<CartId, Cart> {
        let mut get = cmd("MGET");
        for stamp in stamps {
            get.arg(self.key(stamp.id));
        }
        let found: Vec<Option<Vec<u8>>> = match self.guarded(self.redis.call(&get)).await {
            Some(found) => found,
            None => return HashMap::new(),
        };
        let pairs = stamps.iter().zip(found);
        let carts = pairs.filter_map(|(stamp, entry)| read(*stamp, &entry?));
        carts.map(|cart| (cart.id, cart)).collect()
    }

    /// Writes entries while nobody waits.
    pub(crate) fn put(&self, carts: Vec<Arc<Cart>>) {
        if carts.is_empty() {
            return;
        }
        let Ok(permit) = Arc::clone(&self.writes).try_acquire_owned() else {
            return;
        };
        let cache = self.clone();
        tokio::spawn(async move {
            let mut invocation = cache.set.prepare_invoke();
            invocation.arg(KEPT_SECS);
            for cart in carts {
                if let Ok(entry) = serde_json::to_vec(&Entry::of(&cart)) {
                    invocation.key(cache.key(cart.id)).arg(entry);
                }
            }
            let _: Option<()> = cache.guarded(cache.redis.run(&invocation)).await;
            drop(permit);
        });
    }

    /// Takes an entry away, if Redis can be reached; otherwise its time runs out.
    pub(crate) async fn forget(&self, id: CartId) {
        let mut delete = cmd("DEL");
        delete.arg(self.key(id));
        let _: Option<i64> = self.guarded(self.redis.call(&delete)).await;
    }

    fn key(&self, id: CartId) -> String {
        format!("{}cart:{id}", self.prefix)
    }

    async fn guarded<T>(&self, call: impl Future<Output = Result<T, CallError>>) -> Option<T> {
        self.breaker.try_pass().ok()?;
        let answer = call.await;
        self.breaker.report(answer.is_ok());
        answer
            .inspect_err(|error| tracing::debug!(cause = %error, "Redis was not used"))
            .ok()
    }
}

/// The cart, if the entry can be read and is of this state.
fn read(stamp: Stamp, entry: &[u8]) -> Option<Cart> {
    let entry: Entry = serde_json::from_slice(entry).ok()?;
    let cart = entry.cart(stamp.id)?;
    (Stamp::from(&cart) == stamp).then_some(cart)
}

impl Entry {
    fn of(cart: &Cart) -> Self {
        let lines = cart.lines.iter().map(|line| EntryLine {
            id: line.id.0,
            product_id: line.product_id.0,
            variant_id: line.variant_id.0,
            quantity: line.quantity,
            seen_minor: line.seen_price.minor(),
            added_at: line.added_at,
        });
        Self {
            version: cart.version,
            updated_at: cart.updated_at,
            currency: cart.currency,
            lines: lines.collect(),
        }
    }

    fn cart(self, id: CartId) -> Option<Cart> {
        let currency = self.currency;
        let lines = self.lines.into_iter().map(|line| {
            Some(Line {
                id: LineId(line.id),
                product_id: ProductId(line.product_id),
                variant_id: VariantId(line.variant_id),
                quantity: line.quantity,
                seen_price: Money::from_minor(line.seen_minor, currency?),
                added_at: line.added_at,
            })
        });
        Some(Cart {
            id,
            version: self.version,
            currency,
            lines: lines.collect::<Option<Vec<_>>>()?,
            updated_at: self.updated_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cart() -> Cart {
        Cart {
            id: CartId(Uuid::from_u128(1)),
            version: 7,
            currency: Some(Currency::Xof),
            lines: vec![Line {
                id: LineId(Uuid::from_u128(2)),
                product_id: ProductId(Uuid::from_u128(3)),
                variant_id: VariantId(Uuid::from_u128(4)),
                quantity: 3,
                seen_price: Money::from_minor(150_000, Currency::Xof),
                added_at: DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap(),
            }],
            updated_at: DateTime::from_timestamp_micros(1_700_000_001_654_321).unwrap(),
        }
    }

    #[test]
    fn an_entry_is_the_cart_it_was_made_of() {
        let cart = cart();
        let entry = serde_json::to_vec(&Entry::of(&cart)).unwrap();
        assert_eq!(read(Stamp::from(&cart), &entry), Some(cart));
    }

    #[test]
    fn an_entry_of_any_other_state_is_not_used() {
        let cart = cart();
        let entry = serde_json::to_vec(&Entry::of(&cart)).unwrap();
        let newest = Stamp::from(&cart);
        for other in [
            Stamp {
                version: 8,
                ..newest
            },
            Stamp {
                version: 6,
                ..newest
            },
            Stamp {
                updated_at: newest.updated_at + chrono::TimeDelta::microseconds(1),
                ..newest
            },
        ] {
            assert_eq!(read(other, &entry), None);
        }
        for torn in [&b""[..], b"{}", b"[1]", entry.get(..40).unwrap()] {
            assert_eq!(read(newest, torn), None);
        }
    }
}
