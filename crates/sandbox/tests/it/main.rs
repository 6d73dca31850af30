//! The sandbox on real sockets, asked as a service would ask the vendor.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed, at the place where it stopped"
)]

mod app;
mod batch;
mod bounds;
mod control;
mod faults;
mod gate;
mod idempotency;
mod pages;
mod paystack;
mod pictures;
mod receiver;
mod send;
mod suppression;
mod svg;
mod webhooks;
