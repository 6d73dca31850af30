//! The gateway on real sockets: between raw clients and services that note what they receive, with a real Redis.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed, at the place where it stopped"
)]

mod app;
mod cors;
mod docs;
mod drain;
mod faults;
mod forwarding;
mod headers;
mod limits;
mod paths;
mod rate_limit;
mod services;
mod smuggling;
mod streaming;
mod tokens;
