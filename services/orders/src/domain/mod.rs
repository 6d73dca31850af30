//! What an order is and may become. Pure: no database, network, clock or chance.

pub(crate) mod address;
pub(crate) mod coupon;
pub(crate) mod dispute;
pub mod ids;
pub(crate) mod number;
pub mod payment_status;
pub(crate) mod quantity;
pub mod restock;
pub mod status;
pub(crate) mod totals;
