//! The merchant is paid what is open.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use money::Currency;

use super::account::{Account, State};
use super::facts::SettlementFact;
use super::settlement::{Closing, Settlement, Settling, Standing};
use super::transaction::Transaction;

impl Account {
    /// Settles everything that is paid and unsettled now, one settlement per currency.
    pub fn settle(&self, how: Settling) -> Vec<Settlement> {
        let mut state = self.lock();
        let now = self.now();
        let closings = state.books.close();
        let settlements = closings.into_iter().map(|closing| {
            let settlement = state.settle(closing, how, now);
            self.write(SettlementFact::of(&settlement));
            settlement
        });
        settlements.collect()
    }

    /// Has a settlement stand elsewhere; none if there is no such settlement.
    pub fn move_settlement(&self, id: u64, status: Standing) -> Option<Settlement> {
        let mut state = self.lock();
        let now = self.now();
        let settlement = state.settlements.get_mut(id)?;
        settlement.status = status;
        settlement.changed_at = now;
        self.write(SettlementFact::of(settlement));
        Some(settlement.clone())
    }

    /// What would be settled now, in every enabled currency.
    #[must_use]
    pub fn balances(&self) -> Vec<(Currency, i64)> {
        let open = self.lock().books.balances();
        let balance = |currency: &Currency| {
            let found = open.iter().find(|(one, _)| one == currency);
            (*currency, found.map_or(0, |(_, balance)| *balance))
        };
        self.settings.currencies.iter().map(balance).collect()
    }

    /// The transactions of a settlement, the newest first: `take` of them after the first `skip`, and how many there are.
    /// Those that were forgotten are left out.
    #[must_use]
    pub fn settled(
        &self,
        id: u64,
        skip: usize,
        take: usize,
    ) -> Option<(Vec<Arc<Transaction>>, usize)> {
        let state = self.lock();
        let ids = &state.settlements.get(id)?.transactions;
        let page = ids.iter().rev().skip(skip).take(take);
        let rows = page.filter_map(|id| state.transactions.row(*id));
        let rows = rows.map(|row| Arc::clone(&row.transaction)).collect();
        Some((rows, ids.len()))
    }
}

impl State {
    fn settle(&mut self, closing: Closing, how: Settling, now: DateTime<Utc>) -> Settlement {
        let id = self.settlements.next_id();
        let mut fees = closing.fees;
        for transaction in &closing.transactions {
            self.transactions.change(*transaction, |one| {
                let before = one.fees.unwrap_or_default();
                let kept = before.saturating_add(how.fees_delta).clamp(0, one.amount);
                fees += kept - before;
                one.fees = Some(kept);
                one.settlement = Some(id);
            });
        }
        let left = (closing.processed - fees - closing.deductions).max(0);
        for refund in &closing.refunds {
            if let Some(refund) = self.refunds.get_mut(*refund) {
                refund.settlement = Some(id);
            }
        }
        let settlement = Settlement {
            id,
            status: how.status,
            currency: closing.currency,
            processed: closing.processed,
            fees,
            deductions: closing.deductions + how.withheld.clamp(0, left),
            transactions: closing.transactions,
            at: now,
            changed_at: now,
        };
        self.settlements.push(settlement.clone());
        settlement
    }
}
