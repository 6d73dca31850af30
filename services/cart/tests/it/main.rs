//! The service as its clients meet it: over HTTP and by event, on a real PostgreSQL and Redis, with auth and the catalogue played
//! on the wire.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test's helpers fail the test"
)]

mod adding;
mod app;
mod broker;
mod catalogue;
mod changing;
mod events;
mod faults;
mod guests;
mod internal;
mod jobs;
mod merging;
mod migrations;
mod plans;
mod prices;
mod together;
