//! The gateway: the one door to the shop.
//!
//! It checks every request strictly, counts it, finds its service by the table in [`routes`], and streams it there and
//! the answer back. Start with [`handler`], which is that sentence as code; [`startup`] wires it.
//!
//! What it deliberately does not do: it owns no data, takes no decision that belongs to a service (a service checks
//! the token again), rewrites no path, and buffers no body.

pub mod access_log;
pub mod admission;
pub mod client_address;
pub mod config;
pub mod cors;
pub mod docs;
pub mod edge;
pub mod forward;
pub mod forwarded_headers;
pub mod handler;
pub mod health;
pub mod identity;
pub mod message;
pub mod openapi;
pub mod path;
pub mod refusal;
pub mod relay;
pub mod route;
pub mod routes;
pub mod security_headers;
pub mod startup;
pub mod upload;
pub mod upstream;

/// The gateway, as the command line knows it.
pub const SERVICE: common::service::Service = common::service::Service {
    name: "gateway",
    default_port: config::DEFAULT_PORT,
    default_ops_port: config::DEFAULT_OPS_PORT,
    serve: |only| Box::pin(startup::serve(only)),
    migrate: None,
    seed: None,
    keys: None,
    dead_letters: None,
    reconcile: None,
    openapi: openapi::document,
};
