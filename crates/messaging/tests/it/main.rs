//! The tables and the code on them, against a real PostgreSQL with the roles of production.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a step of a test that fails is a failed test"
)]

mod audit;
mod database;
mod encryption;
mod event_path;
mod faults;
mod idempotency;
mod job_runs;
mod lease_keeper;
mod leases;
mod migration;
mod outbox;
mod retention;
mod shop;
mod stopped_leader;
