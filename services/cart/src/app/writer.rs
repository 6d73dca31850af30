//! Changing carts: changes that wait together share their statements and their commit.
//!
//! Each change is computed on a row that is locked and acknowledged after the commit. Changes are committed one batch after
//! another in the order in which they came, so a process never waits for itself; a cart that something else has locked is left
//! to a transaction of its own, so that it does not hold up the others. Two batches at a time were measured: each was half as
//! large, and all together were slower, as the database's work is mostly by the batch.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use common::batcher::{Batcher, Job};
use common::database::{Database, DbError};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};

use super::Error;
use super::cache::CartCache;
use super::counters::Counters;
use crate::domain::cart::{Cart, Change, Effect, Limits, Refusal};
use crate::domain::ids::CartId;
use crate::domain::owner::Owner;
use crate::store::locking::{self, Held, Lifetimes, LockedCart};

/// Changes that are committed together at most.
const TOGETHER: usize = 64;

/// A change of one owner's cart.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    /// Whose.
    pub(crate) owner: Owner,
    /// What.
    pub(crate) change: Change,
    /// Whether to make a cart, and with which id, for an owner who has none.
    pub(crate) missing: Missing,
}

/// What to do about an owner who has no cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Make one with this id.
    Make(CartId),
    /// Answer [`Error::NoCart`].
    Refuse,
}

/// The rules that changes keep to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// How much fits in a cart.
    pub(crate) limits: Limits,
    /// How long carts are kept.
    pub(crate) lifetimes: Lifetimes,
}

/// What became of a change within a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The cart is this now.
    Done(Arc<Cart>),
    /// A rule is against it.
    Refused(Refusal),
    /// There is no cart.
    NoCart,
    /// Something else has the cart; nothing was done.
    Held,
}

type Answer = Result<Outcome, Arc<Error>>;

/// Changes carts.
pub(crate) struct Writer {
    batches: Batcher<Write, Answer>,
}

#[derive(Clone)]
struct Writing {
    db: Database,
    cache: CartCache,
    counters: Counters,
    rules: Rules,
}

impl Writer {
    /// Starts taking changes.
    pub(crate) fn start(db: Database, cache: CartCache, counters: Counters, rules: Rules) -> Self {
        let writing = Writing {
            db,
            cache,
            counters,
            rules,
        };
        let batches = Batcher::start(1, TOGETHER, move |jobs| {
            let writing = writing.clone();
            async move { writing.commit(jobs).await }
        });
        Self { batches }
    }

    /// Changes a cart, and answers it as it was committed.
    pub(crate) async fn write(&self, write: Write) -> Result<Arc<Cart>, Error> {
        match self.batches.ask(write).await?.map_err(Error::shared)? {
            Outcome::Done(cart) => Ok(cart),
            Outcome::Refused(refusal) => Err(refusal.into()),
            Outcome::NoCart => Err(Error::NoCart),
            Outcome::Held => Err(Error::Busy("the cart is being changed")),
        }
    }
}

impl Writing {
    async fn commit(&self, jobs: Vec<Job<Write, Answer>>) {
        let writes: Vec<Write> = jobs.iter().map(|job| job.question.clone()).collect();
        match self.transaction(writes, Held::Skip).await {
            Ok(outcomes) => {
                for (job, outcome) in jobs.into_iter().zip(outcomes) {
                    match outcome {
                        Outcome::Held => self.commit_apart(job),
                        outcome => job.answer(Ok(outcome)),
                    }
                }
            }
            // It may be the fault of one of them: then the others must not suffer for it.
            Err(Error::Db(DbError::Query(_) | DbError::Conflict(_))) if jobs.len() > 1 => {
                for job in jobs {
                    self.commit_alone(job).await;
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

    /// Waits for the cart without holding up the batches.
    fn commit_apart(&self, job: Job<Write, Answer>) {
        let writing = self.clone();
        tokio::spawn(async move { writing.commit_alone(job).await });
    }

    async fn commit_alone(&self, job: Job<Write, Answer>) {
        let written = self
            .transaction(vec![job.question.clone()], Held::Wait)
            .await;
        let missing = || Error::Bug("a change without an outcome".to_owned());
        let outcome = written.and_then(|outcomes| outcomes.into_iter().next().ok_or_else(missing));
        job.answer(outcome.map_err(Arc::new));
    }

    async fn transaction(&self, writes: Vec<Write>, held: Held) -> Result<Vec<Outcome>, Error> {
        let (begun, count) = (Instant::now(), writes.len());
        let written = async {
            let mut conn = self.db.get().await?;
            conn.transaction(async |conn| apply(conn, &writes, self.rules, held).await)
                .await
        }
        .await;
        self.counters
            .batch(written.is_ok(), count, begun.elapsed().as_secs_f64());
        if let Ok(outcomes) = &written {
            self.cache.put(carts_of(outcomes));
        }
        written
    }
}

/// The carts that changed, each once.
fn carts_of(outcomes: &[Outcome]) -> Vec<Arc<Cart>> {
    let mut carts: HashMap<CartId, Arc<Cart>> = HashMap::new();
    for outcome in outcomes {
        if let Outcome::Done(cart) = outcome {
            carts.insert(cart.id, Arc::clone(cart));
        }
    }
    carts.into_values().collect()
}

/// Applies changes in the caller's transaction, in their order. Each one counts as a whole or not at all; all who changed one
/// cart are answered the cart as it is committed.
pub(crate) async fn apply(
    conn: &mut AsyncPgConnection,
    writes: &[Write],
    rules: Rules,
    held: Held,
) -> Result<Vec<Outcome>, Error> {
    let mut carts = locked(conn, writes, held).await?;
    let mut changed = Vec::new();
    let mut decided = Vec::with_capacity(writes.len());
    for write in writes {
        let Some(locked) = carts.get_mut(&write.owner) else {
            decided.push(Err(match write.missing {
                Missing::Refuse if held == Held::Wait => Outcome::NoCart,
                // Not obtained: somebody has it, or is making it at this moment; or there is none. The one who waits finds out.
                Missing::Refuse | Missing::Make(_) => Outcome::Held,
            }));
            continue;
        };
        let now = locked.now;
        decided.push(
            match locked.cart.apply(write.change.clone(), rules.limits, now) {
                Ok(Effect::Changed) => {
                    changed.push(write.owner);
                    Ok(write.owner)
                }
                Ok(Effect::Unchanged) => Ok(write.owner),
                Err(refusal) => Err(Outcome::Refused(refusal)),
            },
        );
    }
    save(conn, &carts, changed, rules).await?;
    Ok(answers(carts, decided))
}

async fn locked(
    conn: &mut AsyncPgConnection,
    writes: &[Write],
    held: Held,
) -> Result<HashMap<Owner, LockedCart>, Error> {
    let mut owners: Vec<Owner> = Vec::with_capacity(writes.len());
    for write in writes {
        if !owners.contains(&write.owner) {
            owners.push(write.owner);
        }
    }
    let found = locking::lock(conn, &owners, held).await?;
    let mut carts: HashMap<Owner, LockedCart> =
        found.into_iter().map(|cart| (cart.owner, cart)).collect();
    let mut wanted: Vec<(CartId, Owner)> = Vec::new();
    for write in writes {
        let is_new = !carts.contains_key(&write.owner)
            && wanted.iter().all(|(_, owner)| *owner != write.owner);
        if let (Missing::Make(id), true) = (write.missing, is_new) {
            wanted.push((id, write.owner));
        }
    }
    let made = locking::create(conn, &wanted).await?;
    carts.extend(made.into_iter().map(|cart| (cart.owner, cart)));
    if held == Held::Wait {
        // Made by somebody else in between: theirs is the cart.
        let lost: Vec<Owner> = wanted
            .iter()
            .map(|(_, owner)| *owner)
            .filter(|owner| !carts.contains_key(owner))
            .collect();
        if !lost.is_empty() {
            let found = locking::lock(conn, &lost, held).await?;
            carts.extend(found.into_iter().map(|cart| (cart.owner, cart)));
        }
    }
    Ok(carts)
}

async fn save(
    conn: &mut AsyncPgConnection,
    carts: &HashMap<Owner, LockedCart>,
    changed: Vec<Owner>,
    rules: Rules,
) -> Result<(), Error> {
    let mut unique: Vec<Owner> = Vec::with_capacity(changed.len());
    for owner in changed {
        if !unique.contains(&owner) {
            unique.push(owner);
        }
    }
    let changed: Vec<LockedCart> = unique
        .iter()
        .filter_map(|owner| carts.get(owner).cloned())
        .collect();
    Ok(locking::save(conn, &changed, rules.lifetimes).await?)
}

fn answers(
    carts: HashMap<Owner, LockedCart>,
    decided: Vec<Result<Owner, Outcome>>,
) -> Vec<Outcome> {
    let carts: HashMap<Owner, Arc<Cart>> = carts
        .into_iter()
        .map(|(owner, locked)| (owner, Arc::new(locked.cart)))
        .collect();
    decided
        .into_iter()
        .map(|decision| match decision {
            Ok(owner) => carts
                .get(&owner)
                .map_or(Outcome::NoCart, |cart| Outcome::Done(Arc::clone(cart))),
            Err(outcome) => outcome,
        })
        .collect()
}
