//! The rules: pure, without time, randomness or storage of their own.

pub(crate) mod dispute;
pub(crate) mod dispute_answer;
pub(crate) mod fees;
pub(crate) mod ids;
pub(crate) mod ledger;
pub(crate) mod mode;
pub(crate) mod observation;
pub(crate) mod reference;
pub(crate) mod refund;
pub(crate) mod schedule;
pub(crate) mod status;
pub(crate) mod webhook_event;
pub(crate) mod webhook_signature;
