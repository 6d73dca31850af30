//! All SQL of the service. Functions here take a connection, begin no transaction and decide nothing.

pub(crate) mod expiry;
pub(crate) mod holders;
pub(crate) mod items;
pub(crate) mod ledger;
pub(crate) mod locks;
pub(crate) mod news;
pub(crate) mod personal_data;
pub(crate) mod reservations;
pub(crate) mod returns;
pub(crate) mod schema;
pub(crate) mod stock;
