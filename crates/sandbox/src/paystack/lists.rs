//! Lists of transactions, refunds, disputes and settlements, the newest row first.

use std::sync::Arc;

use super::account::Account;
use super::dispute::Dispute;
use super::query::{Cursor, CursorMeta, Page};
use super::refund::Refund;
use super::settlement::Settlement;
use super::transaction::Transaction;
use super::transactions::Wanted;

/// Transactions that a search of people looks at, at most.
const LOOKED_AT_MAX: usize = 5_000;

/// A page and how many rows there are on all pages.
pub type Counted<T> = (Vec<T>, usize);

/// A dispute and its transaction.
pub type DisputeRow = (Dispute, Arc<Transaction>);

impl Account {
    /// A page of transactions.
    #[must_use]
    pub fn transactions(&self, wanted: &Wanted, page: Page) -> Counted<Arc<Transaction>> {
        let state = self.lock();
        let all = &state.transactions;
        let window = all.window(wanted);
        let rows = all.newest(&window, wanted.status, page.skip(), page.size);
        (rows, all.count(&window, wanted.status))
    }

    /// Transactions from a cursor on.
    #[must_use]
    pub fn transactions_from(
        &self,
        wanted: &Wanted,
        cursor: Cursor,
        size: usize,
    ) -> (Vec<Arc<Transaction>>, CursorMeta) {
        let state = self.lock();
        let all = &state.transactions;
        let (window, status) = (all.window(wanted), wanted.status);
        let mut part = window.clone();
        let rows = match cursor {
            Cursor::Start => all.newest(&part, status, 0, size),
            Cursor::OlderThan(id) => {
                part.end = id.clamp(window.start, window.end);
                all.newest(&part, status, 0, size)
            }
            Cursor::NewerThan(id) => {
                part.start = id.saturating_add(1).clamp(window.start, window.end);
                let mut rows = all.oldest(&part, status, size);
                rows.reverse();
                rows
            }
        };
        let newest = rows.first().map(|row| row.id);
        let oldest = rows.last().map(|row| row.id);
        let is_more = |range| !all.newest(&range, status, 0, 1).is_empty();
        let meta = CursorMeta::of(
            newest.filter(|id| is_more(id + 1..window.end)),
            oldest.filter(|id| is_more(window.start..*id)),
            size,
        );
        (rows, meta)
    }

    /// The newest transactions whose reference or customer contains a text, for people; and how many are kept.
    #[must_use]
    pub fn newest_transactions(&self, text: &str, most: usize) -> Counted<Arc<Transaction>> {
        let state = self.lock();
        let all = &state.transactions;
        let newest = all.newest(&all.window(&Wanted::default()), None, 0, LOOKED_AT_MAX);
        let is_wanted = |one: &Arc<Transaction>| {
            let email = one.ask.email.to_lowercase();
            text.is_empty() || email.contains(text) || one.reference.to_lowercase().contains(text)
        };
        let rows = newest.into_iter().filter(is_wanted).take(most).collect();
        (rows, all.kept())
    }

    /// A page of refunds, of one transaction or of all.
    #[must_use]
    pub fn refunds(&self, transaction: Option<u64>, time: &Wanted, page: Page) -> Counted<Refund> {
        let state = self.lock();
        let Some(id) = transaction else {
            let from = time
                .from
                .map(|from| state.refunds.partition(|row| row.created_at < from));
            let to = time
                .to
                .map(|to| state.refunds.partition(|row| row.created_at <= to));
            let ids = state.refunds.ids();
            let (start, end) = (from.unwrap_or(ids.start), to.unwrap_or(ids.end));
            let skip = u64::try_from(page.skip()).unwrap_or(u64::MAX);
            let newest = (start..end.saturating_sub(skip)).rev().take(page.size);
            let rows = newest.filter_map(|id| state.refunds.get(id).cloned());
            let total = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
            return (rows.collect(), total);
        };
        let row = state.transactions.row(id);
        let ids = row.map(|row| row.refunds.as_slice()).unwrap_or_default();
        let refunds = ids.iter().rev().filter_map(|id| state.refunds.get(*id));
        let refunds = refunds.filter(|refund| time.includes(refund.created_at));
        let (rows, total) = page.of(refunds);
        (rows.into_iter().cloned().collect(), total)
    }

    /// A page of disputes, of one transaction or of all, of one state or of all.
    #[must_use]
    pub fn disputes(
        &self,
        transaction: Option<u64>,
        status: Option<&str>,
        time: &Wanted,
        page: Page,
    ) -> Counted<DisputeRow> {
        let state = self.lock();
        let is_wanted = |dispute: &&Dispute| {
            status.is_none_or(|status| status == dispute.status())
                && transaction.is_none_or(|id| id == dispute.transaction)
                && time.includes(dispute.created_at)
        };
        let (rows, total) = page.of(state.disputes.newest_first().filter(is_wanted));
        let with_transaction = |dispute: &Dispute| {
            let row = state.transactions.row(dispute.transaction)?;
            Some((dispute.clone(), Arc::clone(&row.transaction)))
        };
        let rows = rows.into_iter().filter_map(with_transaction).collect();
        (rows, total)
    }

    /// A page of settlements, of one state or of all.
    #[must_use]
    pub fn settlements(
        &self,
        status: Option<&str>,
        time: &Wanted,
        page: Page,
    ) -> Counted<Settlement> {
        let state = self.lock();
        let is_wanted = |one: &&Settlement| {
            status.is_none_or(|status| status == one.status.name()) && time.includes(one.at)
        };
        let (rows, total) = page.of(state.settlements.newest_first().filter(is_wanted));
        (rows.into_iter().cloned().collect(), total)
    }
}
