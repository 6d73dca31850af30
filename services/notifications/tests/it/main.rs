//! The service as its clients meet it: over HTTP and by event, on a real PostgreSQL, with auth, orders and the mail
//! provider played on the wire.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test's helpers fail the test"
)]

mod admin;
mod app;
mod auth;
mod broker;
mod confirmations;
mod disputes;
mod errors;
mod migrations;
mod order_mails;
mod order_waits;
mod orders;
mod pacing;
mod privacy;
mod provider;
mod recovery;
mod reports;
mod sale;
mod sending;
mod webhooks;
