//! A whole running system, as a person starts it: `agape up` in an empty folder, on free ports.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test's helpers fail the test, and say how far it is"
)]

mod browsing;
mod faults;
mod healing;
mod mail;
mod proof;
mod purchase;
mod restore;
mod shop;
mod start_and_stop;
mod storm;
mod system;
mod trace;
