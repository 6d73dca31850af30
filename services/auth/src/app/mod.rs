//! Use cases: transactions begin and end here.

pub(crate) mod counters;
mod error;
pub(crate) mod list_revocations;
pub(crate) mod second_factor;
pub(crate) mod sweep;
pub(crate) mod trail;

pub(crate) use error::Error;
