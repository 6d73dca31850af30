//! What an order is and may become. Pure: no database, network, clock or chance.

pub(crate) mod address;
pub(crate) mod coupon;
pub(crate) mod dispute;
pub(crate) mod ids;
pub(crate) mod number;
pub(crate) mod payment_status;
pub(crate) mod quantity;
pub(crate) mod restock;
pub(crate) mod status;
pub(crate) mod totals;
