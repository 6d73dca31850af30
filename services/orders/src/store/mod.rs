//! All SQL. Functions take a connection, and never begin a transaction.

pub(crate) mod coupon_book;
pub(crate) mod coupons;
pub(crate) mod disputes;
pub(crate) mod documents;
pub(crate) mod history;
pub(crate) mod listing;
pub(crate) mod orders;
pub(crate) mod payments;
pub(crate) mod personal_data;
pub(crate) mod rows;
pub(crate) mod rules;
pub(crate) mod schema;
pub(crate) mod shipping_methods;
pub(crate) mod tax_rates;
pub(crate) mod whole;
