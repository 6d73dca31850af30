//! Comparing what we know with what the provider says: for which day, in which classes, and how each pair is judged.

pub(crate) mod class;
pub(crate) mod day;
pub(crate) mod payment;
pub(crate) mod refund;
