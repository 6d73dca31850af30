//! Carts of people and of guests, which survive: a change is acknowledged once PostgreSQL has it, and Redis saves the reading.
//!
//! Start with `domain/cart.rs` (the rules), then `app/writer.rs` (how many changes share one commit) and `app/reader.rs` (how a
//! read is never older than an acknowledged change, whatever Redis does), with the SQL in `store/locking.rs`. [`routes`] is what
//! can be asked of the service; [`startup`] is the only place where the parts are wired together.
//!
//! Deliberately absent: prices and stock. The catalogue says what a thing costs and how many are shown as available; only
//! inventory promises any, when something is ordered.

#![forbid(unsafe_code)]

mod app;
mod clients;
pub mod config;
pub mod consumers;
mod domain;
mod http;
pub mod routes;
mod service;
pub mod startup;
mod store;

pub use service::SERVICE;
