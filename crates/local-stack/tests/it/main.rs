//! Starts the real servers. One test binary; RabbitMQ is slow, so each server has few tests.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod backups;
mod lifecycle;
mod orphans;
