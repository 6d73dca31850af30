//! Taking over many products at once, batch by batch, each in a transaction of its own.

mod batch;
mod plan;

use std::collections::HashSet;

use common::auth::CurrentUser;
use common::csv::{Mode, Refused, RowError};
use common::ids;
use diesel_async::AsyncConnection as _;
use money::{Amount, Currency, SignedAmount};
use serde_json::Value;
use uuid::Uuid;

use super::Error;
use super::products::{Dimensions, NewImage};
use crate::startup::AppState;

/// Products that are taken over in one transaction.
pub(crate) const BATCH: usize = 200;

/// A product as a file says it. What is absent stays as it is.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Its first row.
    pub(crate) row: u64,
    pub(crate) sku: String,
    pub(crate) product: ProductPart,
    pub(crate) variants: Vec<VariantPart>,
}

/// What a file says of a product beside its SKU.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProductPart {
    pub(crate) slug: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) short_description: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) price: Option<Amount>,
    pub(crate) currency: Option<Currency>,
    pub(crate) weight_grams: Option<i32>,
    pub(crate) dimensions: Option<Dimensions>,
    /// By its slug.
    pub(crate) category: Option<String>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) is_active: Option<bool>,
    pub(crate) is_featured: Option<bool>,
    pub(crate) images: Option<Vec<NewImage>>,
}

/// What a file says of a variant.
#[derive(Debug, Clone)]
pub(crate) struct VariantPart {
    pub(crate) sku: String,
    pub(crate) name: Option<String>,
    pub(crate) price_delta: Option<SignedAmount>,
    pub(crate) options: Option<Value>,
    /// Counts where the variant is new; later, stock is inventory's.
    pub(crate) initial_stock: Option<i64>,
}

/// How many products became what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) created: u64,
    pub(crate) changed: u64,
    pub(crate) unchanged: u64,
}

/// An import, and what became of it so far.
pub(crate) struct Import {
    id: Uuid,
    pub(crate) mode: Mode,
    pub(crate) tally: Tally,
    pub(crate) refused: Refused,
    seen: HashSet<String>,
}

/// Why a batch was rolled back.
enum Stop {
    /// It was only tried.
    Tried(Tally),
    Failed(Error),
}

impl From<diesel::result::Error> for Stop {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Import {
    /// An import that has seen nothing yet.
    pub(crate) fn new(mode: Mode) -> Self {
        Self {
            id: ids::new_id(),
            mode,
            tally: Tally::default(),
            refused: Refused::default(),
            seen: HashSet::new(),
        }
    }

    /// Takes over a batch of products, as far as they can be.
    pub(crate) async fn take(
        &mut self,
        state: &AppState,
        caller: &CurrentUser,
        entries: Vec<Entry>,
    ) -> Result<(), Error> {
        let mut fresh: Vec<Entry> = Vec::with_capacity(entries.len());
        for entry in entries {
            if self.seen.insert(entry.sku.clone()) {
                fresh.push(entry);
            } else {
                let error = RowError::of(entry.row, "sku", "was set by a row before");
                self.refused.add(error);
            }
        }
        match self.write(state, caller, &fresh).await {
            Err(error) if error.is_refusal() => self.one_by_one(state, caller, &fresh).await,
            other => other,
        }
    }

    /// One of them breaks a rule: finds out which, and takes the others.
    async fn one_by_one(
        &mut self,
        state: &AppState,
        caller: &CurrentUser,
        entries: &[Entry],
    ) -> Result<(), Error> {
        for entry in entries {
            match self.write(state, caller, std::slice::from_ref(entry)).await {
                Err(error) if error.is_refusal() => self.refused.add(told(entry, &error)),
                other => other?,
            }
        }
        Ok(())
    }

    async fn write(
        &mut self,
        state: &AppState,
        caller: &CurrentUser,
        entries: &[Entry],
    ) -> Result<(), Error> {
        if entries.is_empty() {
            return Ok(());
        }
        let (trail, import, mode) = (state.trail(), self.id, self.mode);
        let mut conn = state.db.get().await?;
        let written: Result<Tally, Stop> = conn
            .transaction(async |conn| {
                let batch = batch::plan(conn, &trail, entries).await?;
                let tally = batch.write(conn, &trail, caller, import).await?;
                match mode {
                    Mode::Apply => Ok(tally),
                    Mode::Try => Err(Stop::Tried(tally)),
                }
            })
            .await;
        drop(conn);
        let tally = match written {
            Ok(tally) => {
                state.answers.hear();
                tally
            }
            Err(Stop::Tried(tally)) => tally,
            Err(Stop::Failed(error)) => return Err(error),
        };
        self.tally.created += tally.created;
        self.tally.changed += tally.changed;
        self.tally.unchanged += tally.unchanged;
        Ok(())
    }
}

fn told(entry: &Entry, error: &Error) -> RowError {
    match error {
        Error::Invalid { field, message } => RowError::of(entry.row, field, message),
        Error::Taken(field) => RowError::of(entry.row, field, "is taken"),
        other => RowError::whole(entry.row, other),
    }
}
