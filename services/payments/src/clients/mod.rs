//! Calls to others: the payment provider, orders, and notifications.

pub(crate) mod disputes;
pub(crate) mod gateway;
pub(crate) mod notifications;
pub(crate) mod orders;
pub(crate) mod paystack;
