//! All SQL of the service. Functions here take a connection, begin no transaction and decide nothing.
//!
//! Whoever decides by what a payment or one of its refunds is has the payment's row locked until that is written: that is the
//! one order of locks. Timers and workers that only take something in hand, or put it off, change its row without.

pub(crate) mod attention;
pub(crate) mod bank_credits;
mod decimal;
pub(crate) mod dispute_history;
mod dispute_rows;
pub(crate) mod disputes;
pub(crate) mod keeping;
pub(crate) mod ledger;
pub(crate) mod opening;
pub(crate) mod payments;
pub(crate) mod personal_data;
pub(crate) mod reconciliation;
pub(crate) mod refunds;
mod rows;
pub(crate) mod schema;
pub(crate) mod settlement_lists;
pub(crate) mod settlement_transactions;
pub(crate) mod settlements;
pub(crate) mod watching;
pub(crate) mod webhook_events;
