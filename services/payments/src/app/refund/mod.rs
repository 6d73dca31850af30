//! Money that goes back, once.
//!
//! A refund is decided under its payment's row lock ([`request`], [`automatic`]) and committed before the provider hears of it.
//! [`worker`] then asks the provider, and before it asks again it looks up what the provider has already. [`follow`] writes how
//! refunds stand at the provider, whoever looked: one [`step`] further, or back from its end ([`after_end`]).

mod after_end;
pub(crate) mod automatic;
mod begin;
pub(crate) mod follow;
pub(crate) mod request;
mod step;
pub(crate) mod worker;

pub(crate) use begin::{capture_of, taken};
