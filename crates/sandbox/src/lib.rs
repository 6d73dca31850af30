//! The shop's vendors, on this machine: a process that speaks their wire protocols, for development and tests without
//! the internet and without keys.
//!
//! Today it is Resend, the mail vendor ([`resend`]), and of Cloudinary, the picture vendor, the delivery ([`cloudinary`]):
//! it shows the pictures of the seeded goods, and takes none. What all vendors share stands beside them: [`journal`], the
//! record of what really happened, [`faults`], what goes wrong on command, and [`server`], the process around them.
//! [`pages`] shows people the mail that programs sent.
//!
//! No service knows that it exists: a service is pointed at it by the same setting that points at the vendor. It keeps
//! everything in memory, within limits, and forgets it when it ends. It is no part of production.
//!
//! Start reading at [`server::routes`]; [`resend::handle`] is a request from beginning to end.

#![forbid(unsafe_code)]

pub mod bounded;
pub mod cloudinary;
pub mod config;
pub mod faults;
pub mod journal;
pub mod pages;
pub mod resend;
pub mod server;

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
    openapi: no_api_of_ours,
};

/// The vendors describe their APIs themselves.
fn no_api_of_ours() -> OpenApi {
    OpenApiBuilder::new().build()
}
