//! Calls to others: the payment provider, and orders.

pub(crate) mod disputes;
pub(crate) mod gateway;
pub(crate) mod orders;
pub(crate) mod paystack;
