//! Use cases: transactions begin and end here.

pub(crate) mod answers;
pub(crate) mod categories;
pub(crate) mod counters;
mod error;
pub(crate) mod export;
pub(crate) mod find;
pub(crate) mod images;
pub(crate) mod import;
pub(crate) mod lookup;
pub(crate) mod personal_data;
pub(crate) mod products;
pub(crate) mod stock;
pub(crate) mod variants;
pub(crate) mod wishlist;

pub(crate) use error::Error;
