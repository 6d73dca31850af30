//! Calls to others.

pub(crate) mod catalog;
