//! What every service with a database is made of, whatever it does: its settings, its connections, its ports, its part of the
//! event path, and the order in which all that starts and stops.
//!
//! A service's `startup.rs` says what is special about it. Start with [`Chassis`].

#![forbid(unsafe_code)]

mod chassis;
pub mod migrations;
pub mod openapi;
mod readiness;
mod settings;

pub use chassis::{Chassis, Job, Parts, Trust};
pub use settings::ServiceSettings;
