//! The service as its clients meet it: over HTTP, by webhook and by event, on a real PostgreSQL, with auth, orders and the payment
//! provider played on the wire.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test's helpers fail the test"
)]

mod access;
mod after_end;
mod app;
mod attention;
mod bank_credits;
mod broker;
mod callback;
mod claims;
mod confirming;
mod crashes;
mod dispute_answers;
mod disputes;
mod events;
mod faults;
mod initialize;
mod invariants;
mod keys;
mod ledger;
mod migrations;
mod mismatch;
mod paystack;
mod plans;
mod provider_faults;
mod reconciliation;
mod refund_faults;
mod refunds;
mod settlement_faults;
mod settlements;
mod shop;
mod together;
mod unclaimed;
mod unconfirmed;
mod vendor;
mod webhooks;
mod world;
