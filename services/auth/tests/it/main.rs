//! The service as its clients meet it: over HTTP, on a real PostgreSQL and Redis.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test's helpers fail the test"
)]

mod addresses;
mod admin_users;
mod app;
mod bodies;
mod change_password;
mod consumers;
mod faults;
mod internal;
mod keys;
mod login;
mod mailed_links;
mod migrations;
mod permissions;
mod privacy;
mod profile;
mod refresh;
mod register;
mod seeding;
mod sessions;
mod steps;
mod sweep;
mod tokens;
mod two_factor;
