//! Reading the books.

use chrono::{DateTime, Utc};

use super::Error;
use crate::startup::AppState;
use crate::store;
use crate::store::ledger::{BalanceRow, EntryFilter, EntryRow, Position};

/// Some entries, newest first, and where the next ones begin.
pub(crate) async fn list_entries(
    state: &AppState,
    filter: &EntryFilter,
    limit: usize,
) -> Result<(Vec<EntryRow>, Option<Position>), Error> {
    let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut conn = state.db.get().await?;
    let mut rows = store::ledger::list(&mut conn, filter, one_more).await?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| has_more);
    let next = last.map(|row| Position {
        occurred_at: row.occurred_at,
        seq: row.seq,
    });
    Ok((rows, next))
}

/// What was booked to each account in each currency.
pub(crate) async fn trial_balance(
    state: &AppState,
    before: Option<DateTime<Utc>>,
) -> Result<Vec<BalanceRow>, Error> {
    let mut conn = state.db.get().await?;
    Ok(store::ledger::balances(&mut conn, before).await?)
}
