//! The edge: requests become commands, answers become JSON. One endpoint per file.

pub(crate) mod add_item;
mod cart;
pub(crate) mod change_item;
pub(crate) mod clear_cart;
mod error;
pub(crate) mod get_cart;
pub(crate) mod get_cart_for_order;
pub(crate) mod get_cart_totals;
pub(crate) mod get_personal_data;
mod guest;
pub(crate) mod merge_cart;
pub(crate) mod remove_item;
mod shopper;
