//! What the vendor owes the merchant, and when it pays.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, Utc};
use money::Currency;
use serde::Deserialize;
use serde_json::{Value, json};

use super::INTEGRATION;
use super::key::Domain;
use super::show::Iso;
use super::transaction::Transaction;

/// Refunds that wait to be taken from a settlement, at most. More are forgiven.
const OWED_MAX: usize = 100_000;

/// How far a settlement is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It will be paid.
    Pending,
    /// It is on its way.
    Processing,
    /// It is paid.
    #[default]
    Success,
    /// It did not arrive, or came back.
    Failed,
}

impl Standing {
    /// The vendor's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Success => "success",
            Self::Failed => "failed",
        }
    }
}

/// How the vendor is told to settle, beside what it would do by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settling {
    /// How far the settlements are.
    pub status: Standing,
    /// What is held back of each without a reason, in subunits, as far as there is something.
    pub withheld: i64,
    /// What the vendor keeps of each transaction on top of what it said, in subunits.
    pub fees_delta: i64,
}

/// A payment of the vendor to the merchant. The sandbox pays at once, unless told otherwise.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// The vendor's number.
    pub id: u64,
    /// How far it is.
    pub status: Standing,
    /// Of what.
    pub currency: Currency,
    /// What customers paid.
    pub processed: i64,
    /// What the vendor kept.
    pub fees: i64,
    /// What was taken for refunds, or without a reason.
    pub deductions: i64,
    /// The transactions in it, the oldest first.
    pub transactions: Vec<u64>,
    /// When.
    pub at: DateTime<Utc>,
    /// When something of it changed last.
    pub changed_at: DateTime<Utc>,
}

/// What is open in one currency.
#[derive(Debug, Default)]
struct Book {
    unsettled: BTreeSet<u64>,
    processed: i64,
    fees: i64,
    owed: VecDeque<(u64, i64)>,
    owed_sum: i64,
}

/// What is open.
#[derive(Debug, Default)]
pub struct Books(BTreeMap<Currency, Book>);

/// What one currency's part of a settlement is made of.
#[derive(Debug, PartialEq, Eq)]
pub struct Closing {
    /// Of what.
    pub currency: Currency,
    /// What customers paid.
    pub processed: i64,
    /// What the vendor keeps.
    pub fees: i64,
    /// What is taken for refunds.
    pub deductions: i64,
    /// The transactions.
    pub transactions: Vec<u64>,
    /// The refunds that are taken from it.
    pub refunds: Vec<u64>,
}

impl Books {
    /// A transaction was paid.
    pub fn earn(&mut self, transaction: &Transaction) {
        let book = self.0.entry(transaction.currency).or_default();
        if book.unsettled.insert(transaction.id) {
            book.processed += transaction.amount;
            book.fees += transaction.fees.unwrap_or_default();
        }
    }

    /// A transaction is forgotten.
    pub fn forget(&mut self, transaction: &Transaction) {
        let Some(book) = self.0.get_mut(&transaction.currency) else {
            return;
        };
        if book.unsettled.remove(&transaction.id) {
            book.processed -= transaction.amount;
            book.fees -= transaction.fees.unwrap_or_default();
        }
    }

    /// A refund will be taken from the next settlement.
    pub fn owe(&mut self, refund: u64, amount: i64, currency: Currency) {
        let book = self.0.entry(currency).or_default();
        book.owed.push_back((refund, amount));
        book.owed_sum += amount;
        if book.owed.len() > OWED_MAX {
            book.forgive();
        }
    }

    /// What would be settled now, per currency; less than nothing where refunds are higher than payments.
    #[must_use]
    pub fn balances(&self) -> Vec<(Currency, i64)> {
        let open = self.0.iter();
        open.map(|(currency, book)| (*currency, book.processed - book.fees - book.owed_sum))
            .collect()
    }

    /// Closes the book of every currency in which something was paid. Refunds are taken in their order as far as the
    /// money goes; the others wait for the next time.
    pub fn close(&mut self) -> Vec<Closing> {
        let open = self.0.iter_mut();
        let open = open.filter(|(_, book)| !book.unsettled.is_empty());
        open.map(|(currency, book)| book.close(*currency)).collect()
    }
}

impl Book {
    fn close(&mut self, currency: Currency) -> Closing {
        let mut closing = Closing {
            currency,
            processed: std::mem::take(&mut self.processed),
            fees: std::mem::take(&mut self.fees),
            deductions: 0,
            transactions: std::mem::take(&mut self.unsettled).into_iter().collect(),
            refunds: Vec::new(),
        };
        let mut left = closing.processed - closing.fees;
        while let Some((refund, amount)) = self.owed.front().copied() {
            if amount > left {
                break;
            }
            left -= amount;
            closing.deductions += amount;
            closing.refunds.push(refund);
            self.forgive();
        }
        closing
    }

    /// The oldest refund is owed no longer.
    fn forgive(&mut self) {
        if let Some((_, amount)) = self.owed.pop_front() {
            self.owed_sum -= amount;
        }
    }
}

impl Settlement {
    /// What the merchant gets.
    #[must_use]
    pub fn effective(&self) -> i64 {
        self.processed - self.fees - self.deductions
    }

    /// As `GET /settlement` lists it.
    #[must_use]
    pub fn to_json(&self, domain: Domain) -> Value {
        let deductions = (self.deductions > 0).then_some(self.deductions);
        json!({
            "id": self.id,
            "domain": domain,
            "status": self.status.name(),
            "currency": self.currency.code(),
            "integration": INTEGRATION,
            "total_amount": self.effective(),
            "effective_amount": self.effective(),
            "total_fees": self.fees,
            "total_processed": self.processed,
            "deductions": deductions,
            "settlement_date": Iso(self.at),
            "settled_by": null,
            "createdAt": Iso(self.at),
            "updatedAt": Iso(self.changed_at),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paystack::samples::paid;

    #[test]
    fn what_was_paid_is_settled_once_and_refunds_are_taken_from_it() {
        let mut books = Books::default();
        let one = paid(1, 10_000);
        books.earn(&one);
        books.earn(&one);
        books.earn(&paid(2, 20_000));
        books.owe(7, 5_000, Currency::Ngn);
        books.owe(8, 90_000, Currency::Ngn);
        assert_eq!(books.balances(), [(Currency::Ngn, 30_000 - 450 - 95_000)]);
        let closing = Closing {
            currency: Currency::Ngn,
            processed: 30_000,
            fees: 450,
            deductions: 5_000,
            transactions: vec![1, 2],
            refunds: vec![7],
        };
        assert_eq!(books.close(), [closing]);
        assert_eq!(books.close(), [], "nothing was paid since");
        assert_eq!(books.balances(), [(Currency::Ngn, -90_000)]);
    }

    #[test]
    fn what_is_forgotten_is_not_settled() {
        let mut books = Books::default();
        books.earn(&paid(1, 10_000));
        books.forget(&paid(1, 10_000));
        assert_eq!(books.close(), []);
        assert_eq!(books.balances(), [(Currency::Ngn, 0)]);
    }
}
