//! What every service of the shop needs and no service owns.
//!
//! Start with [`service`] (what a service is to the command line), then [`server`] (how its HTTP and operations
//! ports run), [`error`] and [`reply`] (the wire envelope), and [`auth`] (who is calling).
//!
//! Deliberately absent: business nouns, SQL and schemas, event payloads (`events`), broker code (`messaging`), money
//! (`money`). A piece enters when three services need it now and a change to it would be right for all of them.

pub mod auth;
pub mod authorities;
pub mod batcher;
pub mod breaker;
pub mod client;
pub mod clock;
pub mod context;
pub mod crypto;
pub mod csv;
pub mod database;
pub mod error;
pub mod extract;
pub mod failpoint;
pub mod health;
pub mod idempotency;
pub mod ids;
mod last_failure;
pub mod listen;
pub mod metrics;
pub mod paging;
pub mod postgres;
pub mod rate_limit;
pub mod redis;
pub mod reply;
pub mod request_scope;
pub mod route_table;
pub mod server;
pub mod service;
pub mod settings;
pub mod spans;
pub mod statement;
pub mod telemetry;
pub mod unmatched;
pub mod version;

pub use clock::Clock;
pub use error::{ApiError, ErrorCode};
