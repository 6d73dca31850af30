//! Use cases: transactions begin and end here, nowhere else.

pub(crate) mod change_stock;
pub(crate) mod counters;
pub(crate) mod decide;
mod error;
pub(crate) mod expire;
pub(crate) mod import_stock;
pub(crate) mod news;
pub(crate) mod personal_data;
pub(crate) mod queries;
pub(crate) mod restock;
pub(crate) mod retention;
pub(crate) mod settle;
pub(crate) mod variants;

pub(crate) use error::Error;

/// What audit entries name with a variant's id.
const STOCK_ITEM: &str = "stock_item";
