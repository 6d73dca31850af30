//! Use cases: transactions begin and end here, nowhere else.

pub(crate) mod cancel_order;
pub(crate) mod change_order;
pub(crate) mod contact;
pub(crate) mod counters;
pub(crate) mod documents;
mod error;
pub(crate) mod expire_order;
pub(crate) mod hear_dispute;
pub(crate) mod hear_payment;
pub(crate) mod hear_refund;
pub(crate) mod personal_data;
pub(crate) mod place_order;
pub(crate) mod placing;
pub(crate) mod pricing;
pub(crate) mod queries;
pub(crate) mod retention;
pub(crate) mod rush;
pub(crate) mod sales_rules;
pub(crate) mod settle;
pub(crate) mod sweep;
mod transition;

pub(crate) use error::Error;

/// What audit entries name with an order's id.
const ORDER: &str = "order";
