//! What finance asks about settlements and the bank's credits.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::app::{Error, SETTLEMENT};
use crate::domain::ids::SettlementId;
use crate::startup::AppState;
use crate::store;
use crate::store::bank_credits::{BankCredit, CreditFilter};
use crate::store::settlement_lists::{DayRow, ListedSettlement, SettlementFilter, TransactionRow};

/// Where one page of a list by day ends and the next begins.
pub(crate) type Place = (NaiveDate, Uuid);

/// Some settlements, newest first, and where the next ones begin.
pub(crate) async fn list_settlements(
    state: &AppState,
    filter: &SettlementFilter,
    limit: usize,
) -> Result<(Vec<ListedSettlement>, Option<Place>), Error> {
    let mut conn = state.db.get().await?;
    let mut rows = store::settlement_lists::list(&mut conn, filter, one_more(limit)).await?;
    let last = cut(&mut rows, limit);
    let next = last.map(|row| (row.settlement.settlement_date, row.settlement.id.0));
    Ok((rows, next))
}

/// A settlement, some of what it pays out, and where the next ones begin.
pub(crate) async fn get_settlement(
    state: &AppState,
    id: SettlementId,
    after: &str,
    limit: usize,
) -> Result<(ListedSettlement, Vec<TransactionRow>, Option<String>), Error> {
    let mut conn = state.db.get().await?;
    let found = store::settlement_lists::find(&mut conn, id).await?;
    let found = found.ok_or(Error::NotFound(SETTLEMENT))?;
    let mut rows =
        store::settlement_lists::transactions(&mut conn, id, after, one_more(limit)).await?;
    let next = cut(&mut rows, limit).map(|row| row.gateway_id.clone());
    Ok((found, rows, next))
}

/// What was paid out on a day, for each currency.
pub(crate) async fn sum_of_day(state: &AppState, date: NaiveDate) -> Result<Vec<DayRow>, Error> {
    let mut conn = state.db.get().await?;
    Ok(store::settlement_lists::sum_of_day(&mut conn, date).await?)
}

/// Some of the bank's credits, newest first, and where the next ones begin.
pub(crate) async fn list_bank_credits(
    state: &AppState,
    filter: &CreditFilter,
    limit: usize,
) -> Result<(Vec<BankCredit>, Option<Place>), Error> {
    let mut conn = state.db.get().await?;
    let mut rows = store::bank_credits::list(&mut conn, filter, one_more(limit)).await?;
    let last = cut(&mut rows, limit);
    let next = last.map(|row| (row.value_date, row.id.0));
    Ok((rows, next))
}

fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

/// Leaves a page of so many rows; answers its last one if there are more.
fn cut<T>(rows: &mut Vec<T>, limit: usize) -> Option<&T> {
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    rows.last().filter(|_| has_more)
}
