//! The mechanics of telling others what happened, exactly once each.
//!
//! A state change and its event commit together: a use case calls [`outbox::append`] inside its
//! own transaction. A repeated request is recognised by [`idempotency`], and every
//! security-relevant act leaves a row through [`audit::record`].
//!
//! Nothing here knows a business word, makes an id or reads a clock of its own: ids and the times
//! of facts are arguments, and what must be decided by one clock for all replicas (the age of a
//! claim) is decided by the database's.
//!
//! The tables are made by the migration under `migrations/`, of which every service has a copy as
//! its first migration; [`schema`] is their only Rust description.

#![forbid(unsafe_code)]

pub mod audit;
pub mod broadcast;
pub mod broker;
mod consumers;
pub mod dead_letters;
mod event_path;
pub mod idempotency;
pub mod inbox;
mod interval;
pub mod job_runs;
mod json_text;
pub mod leases;
mod message;
mod metrics;
pub mod outbox;
mod queues;
mod received;
pub mod relay;
pub mod replay;
pub mod retention;
pub mod schema;
mod settings;
mod trail;
mod work;

pub use consumers::Consumers;
pub use event_path::EventPath;
pub use events::envelope::EventMeta;
pub use metrics::EventMetrics;
pub use received::{ConsumeError, Outcome, Received, each_about_another};
pub use settings::AmqpSettings;
pub use trail::Trail;
