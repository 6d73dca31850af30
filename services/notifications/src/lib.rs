//! Mails to people: noted when they are due, written at the moment of sending, sent once, and followed until the
//! provider tells what became of them.
//!
//! Start with `consumers/` (what makes a mail due), then `app/sender.rs` and `app/deliver.rs` (how it leaves), with the
//! rules in `domain/attempt.rs` and the SQL in `store/claims.rs`. [`routes`] is what can be asked of the service;
//! [`startup`] is the only place where the parts are wired together.
//!
//! Deliberately absent: what mails are about. Addresses, links and facts are asked of the service that owns them when
//! a mail is written, so that none of them lies in a queue.

#![forbid(unsafe_code)]

mod app;
mod clients;
pub mod config;
pub mod consumers;
mod domain;
mod http;
mod render;
pub mod routes;
mod service;
pub mod startup;
mod store;

pub use service::SERVICE;
