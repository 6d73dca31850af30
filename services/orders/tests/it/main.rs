//! The service as its clients meet it: over HTTP and by event, on a real PostgreSQL, with its siblings played on the wire.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test's helpers fail the test"
)]

mod admin;
mod app;
mod coupons;
mod disputes;
mod documents;
mod ending;
mod faults;
mod free_orders;
mod idempotency;
mod internal;
mod invariants;
mod inventory;
mod migrations;
mod placing;
mod plans;
mod privacy;
mod refunds;
mod sales_rules;
mod settling;
mod world;
