//! All SQL of the service. Functions here take a connection, begin no transaction and decide nothing.

pub(crate) mod categories;
pub(crate) mod images;
pub(crate) mod listing;
pub(crate) mod lookup;
pub(crate) mod products;
pub(crate) mod schema;
pub(crate) mod stock;
pub(crate) mod variants;
pub(crate) mod wishlist;
