//! The rules: pure, without time, randomness or storage of their own.

pub(crate) mod dispute;
pub(crate) mod dispute_answer;
pub mod fees;
pub mod ids;
pub(crate) mod ledger;
pub mod mode;
pub mod observation;
pub(crate) mod reconciliation;
pub(crate) mod reference;
pub mod refund;
pub(crate) mod schedule;
pub(crate) mod settlement;
pub mod status;
pub(crate) mod webhook_event;
pub(crate) mod webhook_signature;
pub(crate) mod window;
