//! Orders: what somebody wants at which price, what pays for it, how far it has come, and its documents.
//!
//! Start with `app/place_order.rs`, then `app/settle.rs` (what a payment makes of an order), with the rules in
//! `domain/status.rs` and `domain/totals.rs`; `app/documents/` issues invoices. [`routes`] is what can be asked of the service;
//! [`startup`] is the only place where the parts are wired together.
//!
//! Deliberately absent: money itself, which is the payments service's, and stock, which is inventory's.

#![forbid(unsafe_code)]

mod app;
mod clients;
pub mod config;
pub mod consumers;
pub mod domain;
mod http;
pub mod routes;
pub mod seed;
mod service;
pub mod startup;
mod store;

pub use service::SERVICE;
