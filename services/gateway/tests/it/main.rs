//! The gateway on real sockets: between raw clients and services that note what they receive, with a real Redis.

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
