//! The service as its clients meet it: over HTTP and by event, on a real PostgreSQL, with auth and the catalogue played on
//! the wire.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test's helpers fail the test"
)]

mod admin;
mod app;
mod broker;
mod events;
mod expiry;
mod faults;
mod herd;
mod import;
mod invariants;
mod limits;
mod lock_order;
mod migrations;
mod orders;
mod plans;
mod reservations;
mod seed;
mod state_machine;
mod stock;
mod together;
mod world;
