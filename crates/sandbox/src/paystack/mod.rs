//! Paystack's wire protocol: transactions, refunds, disputes, settlements and webhooks, and the page where people pay.
//!
//! [`visit`] is a request from the gate to the answer, [`api`] what each endpoint answers. [`account`] remembers, and
//! [`charge`], [`refunds`], [`disputes`] and [`settlements`] are what it does; [`transactions`] is how it finds. [`show`]
//! is how a transaction looks, [`outbox`] what the shop is told, [`checkout`] where a customer pays, and [`control`] how a
//! test does. What the vendor has and the shop does not use (plans, splits, subaccounts, transfers, charges without the
//! page) is tolerated where it is a field, and not there where it is an endpoint.
//!
//! The shapes and sentences are those of the vendor's public API description and samples, and of what others saw its test
//! API answer. Where neither says anything, the sandbox decides for the stricter reading, and says so beside it.

pub mod account;
pub mod amount;
pub mod api;
pub mod body;
pub mod card;
pub mod charge;
pub mod checkout;
pub mod codes;
pub mod control;
pub mod dispute;
pub mod disputes;
pub mod error;
pub mod facts;
pub mod fees;
pub mod gate;
pub mod key;
pub mod lists;
pub mod metadata;
pub mod operation;
pub mod outbox;
pub mod query;
pub mod refund;
pub mod refunds;
#[cfg(test)]
mod samples;
pub mod settlement;
pub mod settlements;
pub mod show;
pub mod tally;
pub mod transaction;
pub mod transactions;
pub mod visit;
pub mod whole;

pub use account::Account;
pub use key::SecretKey;
pub use operation::Operation;
pub use show::Tamper;

/// The number of the merchant's account at the vendor.
const INTEGRATION: u64 = 100_032;
