//! Payments that are neither lost nor doubled: attempts to pay at the provider, refunds, disputes, what is paid out, and the books
//! about all of it.
//!
//! Start with `app/confirm.rs` (the one use case behind webhooks, the buyer's return, staff's question and the poller), with the
//! rules in `domain/observation.rs` and `domain/refund.rs`; then `app/initialize/` (how an attempt begins, also when the provider's
//! answer is lost), `app/refund/` (how money goes back once), `app/dispute/` (how banks take it back), `app/settlements/` (what the
//! provider pays out) and `app/reconcile/` (each night, whether the provider says the same). [`routes`] is what can be asked of the
//! service; [`startup`] is the only place where the parts are wired together.
//!
//! Deliberately absent: what an order is and whether it may be paid. That is asked of orders.

#![forbid(unsafe_code)]

mod app;
mod clients;
pub mod config;
pub mod consumers;
pub mod domain;
mod http;
pub mod routes;
mod service;
pub mod startup;
mod store;

pub use service::SERVICE;
