//! Taking over many of the bank's credits at once, batch by batch, each in a transaction of its own.

use std::collections::HashMap;

use common::auth::CurrentUser;
use common::csv::{Mode, Refused, RowError};
use common::ids;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use messaging::Trail;
use serde_json::json;

use super::bank_credits::{self, EnterBankCredit};
use crate::app::{BANK_CREDIT, Error};
use crate::domain::ids::{BankCreditId, UserId};
use crate::startup::AppState;
use crate::store;
use crate::store::bank_credits::NewBankCredit;

/// Rows that are taken over in one transaction.
pub(crate) const BATCH: usize = 500;
/// Why a row is left out whose reference stands for something else.
const ANOTHER: &str = "was entered before with another amount, currency or day";

/// A credit of the file.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Where it stands in the file.
    pub(crate) number: u64,
    pub(crate) credit: EnterBankCredit,
}

/// An import, and what became of it so far.
pub(crate) struct Import {
    pub(crate) mode: Mode,
    pub(crate) entered: u64,
    pub(crate) unchanged: u64,
    pub(crate) refused: Refused,
    /// What the file said before, by the bank's references.
    seen: HashMap<String, EnterBankCredit>,
}

impl Import {
    /// An import that has seen nothing yet.
    pub(crate) fn new(mode: Mode) -> Self {
        Self {
            mode,
            entered: 0,
            unchanged: 0,
            refused: Refused::default(),
            seen: HashMap::new(),
        }
    }

    /// Takes over a batch of rows, as far as they can be.
    pub(crate) async fn take(
        &mut self,
        state: &AppState,
        caller: &CurrentUser,
        rows: Vec<Row>,
    ) -> Result<(), Error> {
        let fresh = self.fresh(rows);
        if fresh.is_empty() {
            return Ok(());
        }
        let trail = state.trail();
        let (mode, match_days) = (self.mode, state.settings.settlements.match_days);
        let mut conn = state.db.get().await?;
        let known: Result<HashMap<String, EnterBankCredit>, Error> = conn
            .transaction(async |conn| {
                store::bank_credits::take_turn(conn).await?;
                let known = known(conn, &fresh).await?;
                let is_new = |row: &&Row| !known.contains_key(&row.credit.reference);
                let new: Vec<&Row> = fresh.iter().filter(is_new).collect();
                if mode == Mode::Apply && !new.is_empty() {
                    write(conn, &trail, caller, &new).await?;
                    bank_credits::match_open(conn, &trail, match_days).await?;
                }
                Ok(known)
            })
            .await;
        drop(conn);
        let known = known?;
        for row in fresh {
            match known.get(&row.credit.reference) {
                None => self.entered += 1,
                Some(before) => self.repeated(&row, before == &row.credit),
            }
            self.seen.insert(row.credit.reference.clone(), row.credit);
        }
        Ok(())
    }

    /// The rows whose reference the file did not name before.
    fn fresh(&mut self, rows: Vec<Row>) -> Vec<Row> {
        let mut fresh: Vec<Row> = Vec::with_capacity(rows.len());
        let mut of_batch: HashMap<String, EnterBankCredit> = HashMap::new();
        for row in rows {
            let reference = &row.credit.reference;
            let before = self.seen.get(reference).or_else(|| of_batch.get(reference));
            match before.map(|before| before == &row.credit) {
                Some(is_same) => self.repeated(&row, is_same),
                None => {
                    of_batch.insert(reference.clone(), row.credit.clone());
                    fresh.push(row);
                }
            }
        }
        fresh
    }

    fn repeated(&mut self, row: &Row, is_same: bool) {
        if is_same {
            self.unchanged += 1;
        } else {
            self.refused
                .add(RowError::of(row.number, "reference", ANOTHER));
        }
    }
}

/// What was entered before under the same references.
async fn known(
    conn: &mut AsyncPgConnection,
    rows: &[Row],
) -> Result<HashMap<String, EnterBankCredit>, Error> {
    let references = rows.iter().map(|row| row.credit.reference.clone());
    let found = store::bank_credits::find_by_references(conn, references.collect()).await?;
    let known = found.into_iter().map(|credit| {
        let entered = EnterBankCredit {
            reference: credit.reference.clone(),
            amount: credit.money()?,
            value_date: credit.value_date,
        };
        Ok((credit.reference, entered))
    });
    known.collect()
}

async fn write(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    caller: &CurrentUser,
    rows: &[&Row],
) -> Result<(), Error> {
    let new = rows.iter().map(|row| NewBankCredit {
        id: BankCreditId(ids::new_id()),
        reference: &row.credit.reference,
        amount: row.credit.amount,
        value_date: row.credit.value_date,
        entered_by: UserId(caller.id),
        now: trail.now(),
    });
    let new: Vec<NewBankCredit<'_>> = new.collect();
    store::bank_credits::insert_all(conn, &new).await?;
    let first = new.first().map(|credit| credit.id.to_string());
    let facts = json!({ "rows": new.len() });
    let entity = (BANK_CREDIT, first.unwrap_or_default());
    trail
        .audit(conn, caller, "bank_credits.imported", entity, facts)
        .await?;
    Ok(())
}
