//! The event contracts: what each service says, in which envelope, and who hears it.
//!
//! An event is a fact that has happened, published as a CloudEvents 1.0 message in structured
//! JSON on the topic exchange `agape.events`, with its type as the routing key. Payloads carry
//! ids, amounts and facts; never tokens, names, e-mail or postal addresses.
//!
//! This crate knows nothing of brokers or databases (that is `messaging`). Start with
//! [`envelope`], then the file of the service you care about, then [`subscriptions`] to see who
//! reacts to what.

#![forbid(unsafe_code)]

mod asyncapi;
pub mod auth;
pub mod cart;
pub mod catalog;
pub mod disputes;
pub mod envelope;
pub mod inventory;
pub mod notifications;
pub mod orders;
pub mod payments;
pub mod reconciliation;
mod schemas;
pub mod shared;
pub mod subscriptions;

pub use asyncapi::{ASYNCAPI_FILE, asyncapi};
pub use envelope::{Envelope, Event, RawEnvelope};
pub use schemas::schemas;
pub use subscriptions::{Delivery, Subscription, consumers_of};
