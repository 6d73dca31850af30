//! The shop's vendors, on this machine: a process that speaks their wire protocols, for development and tests without
//! the internet and without keys.
//!
//! It is Resend, the mail vendor ([`resend`]), Paystack, the payment vendor ([`paystack`]), with the page where people pay,
//! and of Cloudinary, the picture vendor, the delivery ([`cloudinary`]): it shows the pictures of the seeded goods, and
//! takes none. What all vendors share stands beside them: [`journal`], the record of what really happened, [`faults`],
//! what goes wrong on command, [`webhooks`], how the shop is told, and [`server`], the process around them. [`pages`] shows
//! people the mail that programs sent and the payments that they asked for.
//!
//! No service knows that it exists: a service is pointed at it by the same setting that points at the vendor. It keeps
//! everything in memory, within limits, and forgets it when it ends. It is no part of production.
//!
//! Start reading at [`server::routes`]; [`resend::handle`] and [`paystack::visit`] are a request from beginning to end.

#![forbid(unsafe_code)]

pub mod bounded;
pub mod cloudinary;
pub mod config;
pub mod faults;
pub mod journal;
pub mod pages;
pub mod paystack;
pub mod rate_limit;
pub mod resend;
pub mod ring;
pub mod server;
pub mod webhooks;

use common::service::Service;
use utoipa::openapi::{OpenApi, OpenApiBuilder};

/// The sandbox, as the command line knows it.
pub const SERVICE: Service = Service {
    name: "sandbox",
    default_port: config::DEFAULT_PORT,
    default_ops_port: config::DEFAULT_OPS_PORT,
    serve: |only| Box::pin(server::startup::serve(only)),
    migrate: None,
    seed: None,
    keys: None,
    dead_letters: None,
    reconcile: None,
    openapi: no_api_of_ours,
};

/// The vendors describe their APIs themselves.
fn no_api_of_ours() -> OpenApi {
    OpenApiBuilder::new().build()
}
