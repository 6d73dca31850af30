//! Stock that cannot oversell: what is on hand, what is held for which order, and everything that ever changed it.
//!
//! Start with `app/decide/` (how orders that wait together are decided together), with the rules in `domain/shelf.rs` and
//! `domain/reservation.rs`; then `app/settle.rs` (what else becomes of a hold) and `app/expire.rs`. [`routes`] is what can be
//! asked of the service; [`startup`] is the only place where the parts are wired together.
//!
//! Deliberately absent: prices, titles and everything else about what is sold. That is the catalogue's.

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
