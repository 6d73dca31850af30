//! Use cases: transactions begin and end here, nowhere else.

mod attention;
mod capture;
pub(crate) mod close_attention;
pub(crate) mod confirm;
pub(crate) mod counters;
pub(crate) mod dispute;
mod error;
mod hands;
pub(crate) mod hear_webhook;
pub(crate) mod initialize;
pub(crate) mod keep;
pub(crate) mod ledger;
pub(crate) mod personal_data;
pub(crate) mod poll;
pub(crate) mod queries;
pub(crate) mod recently;
pub(crate) mod reconcile;
pub(crate) mod refund;
pub(crate) mod settlements;
pub(crate) mod sweep;
mod unclaimed;
pub(crate) mod webhook_worker;

pub(crate) use error::Error;

/// What audit entries name with the id of something that people have to look at.
const ATTENTION_ITEM: &str = "attention_item";
/// What audit entries name with a payment's id.
const PAYMENT: &str = "payment";
/// What audit entries name with a refund's id.
const REFUND: &str = "refund";
/// What audit entries name with a settlement's id.
const SETTLEMENT: &str = "settlement";
/// What audit entries name with a bank credit's id.
const BANK_CREDIT: &str = "bank_credit";
