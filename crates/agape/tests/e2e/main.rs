//! A whole running system, as a person starts it: `agape up` in an empty folder, on free ports.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod faults;
mod shop;
mod start_and_stop;
mod system;
