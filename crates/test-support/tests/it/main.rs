//! The pieces that other crates' tests stand on, tested themselves.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a step of a test that fails is a failed test"
)]

mod database;
mod servers;
