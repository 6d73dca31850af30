//! What tests of several crates share: real servers, a clock to turn, tokens to forge.
//!
//! - [`TestDb`]: a migrated PostgreSQL database of one's own, in a fraction of a second;
//! - [`TestRedis`], [`TestBroker`]: a place in a shared server, or a private one to break;
//! - [`FaultProxy`]: a network that is slow, silent or rude on command;
//! - [`FakeClock`]: the time that the test says it is;
//! - [`tokens`], [`JwksServer`]: every token a verifier must refuse, and the keys it asks for;
//! - [`service`]: a service run, asked, stopped and crashed; [`stand_in`]: what stands for those around it;
//! - [`http`]: bytes on a socket where a client library would be too polite.
//!
//! One PostgreSQL, Redis and RabbitMQ each are started per test binary, when first asked for, and
//! die with it. Everything panics on failure: a test that cannot be set up has failed.

#![forbid(unsafe_code)]
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed, with the place it happened at"
)]

mod address;
mod beside;
mod blocking;
mod clock;
mod database;
mod fault_proxy;
pub mod http;
mod jwks;
mod migrations;
pub mod plans;
mod servers;
pub mod service;
pub mod stand_in;
mod tls_front;
pub mod tokens;

pub use clock::FakeClock;
pub use database::{TestDb, run_migrations};
pub use fault_proxy::{Fault, FaultProxy};
pub use jwks::JwksServer;
pub use migrations::assert_down_undoes_up;
pub use servers::{PrivatePostgres, TestBroker, TestRedis};
pub use tls_front::TlsFront;
