//! All transactions that are kept, found by number, reference and access code, and listed by time and state.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, SubsecRound as _, Utc};

use super::tally::{STRETCH, Tally};
use super::transaction::{Status, Transaction};
use crate::ring::Ring;
use crate::webhooks::Delivery;

/// Webhooks that are remembered for one transaction.
const DELIVERIES_MAX: usize = 200;

/// A transaction and what belongs to it.
#[derive(Debug)]
pub struct Row {
    /// The transaction.
    pub transaction: Arc<Transaction>,
    /// Its refunds, the oldest first.
    pub refunds: Vec<u64>,
    /// Its disputes, the oldest first.
    pub disputes: Vec<u64>,
    /// The webhooks about it.
    pub deliveries: Vec<Arc<Delivery>>,
}

/// Transactions within two limits: how many, and about how many bytes together.
#[derive(Debug)]
pub struct Transactions {
    rows: Ring<Row>,
    by_reference: HashMap<Arc<str>, u64>,
    by_access_code: HashMap<Arc<str>, u64>,
    tally: Tally,
    newest_at: DateTime<Utc>,
    bytes: usize,
    bytes_max: usize,
}

/// Which transactions, by time and state.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Not older.
    pub from: Option<DateTime<Utc>>,
    /// Not newer.
    pub to: Option<DateTime<Utc>>,
    /// Of this state only.
    pub status: Option<Status>,
}

impl Wanted {
    /// Whether this is within the wanted time.
    #[must_use]
    pub fn includes(&self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at <= to)
    }
}

impl Row {
    /// Remembers a webhook, and forgets the oldest if there are too many.
    pub fn deliver(&mut self, delivery: &Arc<Delivery>) {
        if self.deliveries.len() >= DELIVERIES_MAX {
            self.deliveries.remove(0);
        }
        self.deliveries.push(Arc::clone(delivery));
    }
}

impl Transactions {
    /// No transactions; the first will have the number `first_id`.
    #[must_use]
    pub fn new(most: usize, bytes_max: usize, first_id: u64) -> Self {
        Self {
            rows: Ring::new(most, first_id),
            by_reference: HashMap::new(),
            by_access_code: HashMap::new(),
            tally: Tally::new(first_id),
            newest_at: DateTime::UNIX_EPOCH,
            bytes: 0,
            bytes_max,
        }
    }

    /// The number that the next transaction will have.
    #[must_use]
    pub fn next_id(&self) -> u64 {
        self.rows.next_id()
    }

    /// How many are kept.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.rows.len()
    }

    /// When the next transaction is made, if it is now: never before an older one, or the search by time would fail, and
    /// in milliseconds, so that it is found by the time that is shown.
    #[must_use]
    pub fn moment(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now.trunc_subsecs(3).max(self.newest_at)
    }

    /// Keeps a transaction, whose number must be the next, and returns those that are forgotten for it.
    pub fn insert(&mut self, transaction: Transaction) -> Vec<Row> {
        let id = transaction.id;
        self.by_reference
            .insert(Arc::clone(&transaction.reference), id);
        self.by_access_code
            .insert(Arc::clone(&transaction.access_code), id);
        self.tally.add(id, transaction.status);
        self.newest_at = transaction.created_at;
        self.bytes += transaction.size();
        let pushed_out = self.rows.push(Row {
            transaction: Arc::new(transaction),
            refunds: Vec::new(),
            disputes: Vec::new(),
            deliveries: Vec::new(),
        });
        let mut gone: Vec<Row> = pushed_out.into_iter().collect();
        gone.iter().for_each(|row| self.forget(row));
        while self.bytes > self.bytes_max && self.rows.len() > 1 {
            let Some(row) = self.rows.remove_oldest() else {
                break;
            };
            self.forget(&row);
            gone.push(row);
        }
        gone
    }

    fn forget(&mut self, row: &Row) {
        let transaction = &row.transaction;
        self.by_reference.remove(&transaction.reference);
        self.by_access_code.remove(&transaction.access_code);
        self.tally.remove(transaction.id, transaction.status);
        self.tally.forget_before(transaction.id);
        self.bytes = self.bytes.saturating_sub(transaction.size());
    }

    /// The number of the transaction with this reference.
    #[must_use]
    pub fn id_of(&self, reference: &str) -> Option<u64> {
        self.by_reference.get(reference).copied()
    }

    /// The number of the transaction with this access code.
    #[must_use]
    pub fn id_behind(&self, access_code: &str) -> Option<u64> {
        self.by_access_code.get(access_code).copied()
    }

    /// A transaction and what belongs to it.
    #[must_use]
    pub fn row(&self, id: u64) -> Option<&Row> {
        self.rows.get(id)
    }

    /// The same, to add to it.
    pub fn row_mut(&mut self, id: u64) -> Option<&mut Row> {
        self.rows.get_mut(id)
    }

    /// Changes a transaction, and returns it as it is then.
    pub fn change(
        &mut self,
        id: u64,
        how: impl FnOnce(&mut Transaction),
    ) -> Option<Arc<Transaction>> {
        let row = self.rows.get_mut(id)?;
        let before = row.transaction.status;
        how(Arc::make_mut(&mut row.transaction));
        let after = row.transaction.status;
        if before != after {
            self.tally.remove(id, before);
            self.tally.add(id, after);
        }
        Some(Arc::clone(&row.transaction))
    }

    /// The numbers within the wanted time.
    #[must_use]
    pub fn window(&self, wanted: &Wanted) -> Range<u64> {
        let ids = self.rows.ids();
        let from = wanted.from.map_or(ids.start, |from| {
            self.rows.partition(|row| row.transaction.created_at < from)
        });
        let to = wanted.to.map_or(ids.end, |to| {
            self.rows.partition(|row| row.transaction.created_at <= to)
        });
        from..to.max(from)
    }

    /// How many of a state there are within these numbers.
    #[must_use]
    pub fn count(&self, window: &Range<u64>, status: Option<Status>) -> usize {
        let Some(status) = status else {
            return usize::try_from(window.end - window.start).unwrap_or(usize::MAX);
        };
        let (mut id, mut count) = (window.start, 0);
        while id < window.end {
            if id.is_multiple_of(STRETCH) && id + STRETCH <= window.end {
                count += self.tally.count(id, status);
                id += STRETCH;
            } else {
                count += usize::from(self.has(id, status));
                id += 1;
            }
        }
        count
    }

    /// Transactions within these numbers, the newest first: `take` of them after the first `skip`.
    #[must_use]
    pub fn newest(
        &self,
        window: &Range<u64>,
        status: Option<Status>,
        skip: usize,
        take: usize,
    ) -> Vec<Arc<Transaction>> {
        let Some(status) = status else {
            let skip = u64::try_from(skip).unwrap_or(u64::MAX);
            let end = window.end.saturating_sub(skip).max(window.start);
            let rows = (window.start..end).rev().filter_map(|id| self.get(id));
            return rows.take(take).cloned().collect();
        };
        let (mut id, mut skip, mut found) = (window.end, skip, Vec::new());
        while id > window.start && found.len() < take {
            let is_stretch = id.is_multiple_of(STRETCH) && id - STRETCH >= window.start;
            let here = self.tally.count(id - 1, status);
            if is_stretch && here <= skip {
                skip -= here;
                id -= STRETCH;
                continue;
            }
            id -= 1;
            match self.get(id).filter(|one| one.status == status) {
                Some(_) if skip > 0 => skip -= 1,
                one => found.extend(one.cloned()),
            }
        }
        found
    }

    /// Transactions within these numbers, the oldest first.
    #[must_use]
    pub fn oldest(
        &self,
        window: &Range<u64>,
        status: Option<Status>,
        take: usize,
    ) -> Vec<Arc<Transaction>> {
        let (mut id, mut found) = (window.start, Vec::new());
        while id < window.end && found.len() < take {
            let is_stretch = id.is_multiple_of(STRETCH) && id + STRETCH <= window.end;
            if is_stretch && status.is_some_and(|status| self.tally.count(id, status) == 0) {
                id += STRETCH;
                continue;
            }
            let one = self.get(id);
            found.extend(
                one.filter(|one| status.is_none_or(|status| status == one.status))
                    .cloned(),
            );
            id += 1;
        }
        found
    }

    fn get(&self, id: u64) -> Option<&Arc<Transaction>> {
        self.rows.get(id).map(|row| &row.transaction)
    }

    fn has(&self, id: u64, status: Status) -> bool {
        self.get(id).is_some_and(|one| one.status == status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paystack::samples::paid;
    use chrono::TimeDelta;

    /// So many transactions, a second apart; every tenth is reversed. Numbers begin in the middle of a stretch.
    fn store(count: u64, most: usize) -> (Transactions, u64) {
        let first = 5 * STRETCH + 700;
        let mut store = Transactions::new(most, usize::MAX, first);
        for number in 0..count {
            let mut one = paid(first + number, 10_000);
            one.created_at += TimeDelta::seconds(i64::try_from(number).unwrap());
            if number % 10 == 0 {
                one.status = Status::Reversed;
            }
            store.insert(one);
        }
        (store, first)
    }

    fn numbers(rows: &[Arc<Transaction>], first: u64) -> Vec<u64> {
        rows.iter().map(|row| row.id - first).collect()
    }

    #[test]
    fn a_list_of_one_state_skips_what_it_must() {
        let (store, first) = store(5_000, 10_000);
        let window = store.window(&Wanted::default());
        let status = Some(Status::Reversed);
        assert_eq!(store.count(&window, status), 500);
        assert_eq!(store.count(&window, None), 5_000);
        for skip in [0, 1, 99, 250, 498, 499, 500] {
            let rows = store.newest(&window, status, skip, 2);
            let left = 500_u64.saturating_sub(u64::try_from(skip).unwrap());
            let expected = (0..left).rev().take(2).map(|place| place * 10);
            assert_eq!(
                numbers(&rows, first),
                expected.collect::<Vec<_>>(),
                "{skip}"
            );
        }
        assert!(store.newest(&window, Some(Status::Failed), 0, 9).is_empty());
        assert_eq!(
            numbers(&store.newest(&window, None, 3, 2), first),
            [4_996, 4_995]
        );
        let some = first + 15..first + 2_000;
        assert_eq!(store.count(&some, status), 198);
        assert_eq!(numbers(&store.oldest(&some, status, 2), first), [20, 30]);
        assert!(store.oldest(&some, Some(Status::Failed), 2).is_empty());
    }

    #[test]
    fn a_window_of_time_includes_both_its_ends() {
        let (store, first) = store(100, 1_000);
        let at = |second| Some(DateTime::UNIX_EPOCH + TimeDelta::seconds(second));
        let wanted = |from, to| Wanted {
            from,
            to,
            status: None,
        };
        for (from, to, expected) in [
            (None, None, 0..100),
            (at(10), at(12), 10..13),
            (at(90), None, 90..100),
            (None, at(-1), 0..0),
            (at(50), at(20), 50..50),
            (at(1_000), None, 100..100),
        ] {
            let window = store.window(&wanted(from, to));
            assert_eq!(window.start - first..window.end - first, expected);
        }
    }

    #[test]
    fn what_is_forgotten_is_found_no_more() {
        let (mut store, first) = store(3_000, 1_000);
        assert_eq!(store.kept(), 1_000);
        assert_eq!(store.id_of(&format!("ref-{first}")), None);
        assert_eq!(store.id_behind(&format!("code-{first}")), None);
        let last = first + 2_999;
        assert_eq!(store.id_of(&format!("ref-{last}")), Some(last));
        let window = store.window(&Wanted::default());
        assert_eq!(window, first + 2_000..first + 3_000);
        assert_eq!(store.count(&window, Some(Status::Reversed)), 100);
        store.change(last, |one| one.status = Status::Reversed);
        assert_eq!(store.count(&window, Some(Status::Reversed)), 101);
        assert_eq!(
            numbers(&store.newest(&window, Some(Status::Reversed), 0, 1), first),
            [2_999]
        );
    }

    #[test]
    fn big_transactions_push_out_more() {
        let mut store = Transactions::new(100, 5_000, 1);
        for id in 1..=10 {
            store.insert(paid(id, 10_000));
        }
        let kept = store.kept();
        assert!((1..=4).contains(&kept), "{kept}");
        assert_eq!(store.id_of("ref-10"), Some(10));
    }
}
