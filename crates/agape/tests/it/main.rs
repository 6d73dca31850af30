//! Commands against a real server, without a running system.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod bootstrap;
