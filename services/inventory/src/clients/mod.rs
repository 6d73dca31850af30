//! Calls to other services.

pub(crate) mod catalog;
