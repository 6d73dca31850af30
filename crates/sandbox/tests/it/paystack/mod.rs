//! The payment vendor, asked as the shop would ask it.

mod bounds;
mod checkout;
mod control;
mod disputes;
mod faults;
mod gate;
mod initialize;
mod lists;
mod people;
mod refunds;
mod settlements;
mod shop;
mod verify;
mod webhooks;
