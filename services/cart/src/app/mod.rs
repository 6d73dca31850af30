//! Use cases: transactions begin and end here.

pub(crate) mod abandonment;
pub(crate) mod add_item;
pub(crate) mod cache;
pub(crate) mod catalogue;
pub(crate) mod change_cart;
pub(crate) mod counters;
mod error;
pub(crate) mod follow_catalogue;
pub(crate) mod get_cart;
mod lookups;
pub(crate) mod merge_cart;
pub(crate) mod personal_data;
pub(crate) mod reader;
pub(crate) mod shopper;
pub(crate) mod sweep;
pub(crate) mod take_ordered;
pub(crate) mod writer;

pub(crate) use error::Error;
