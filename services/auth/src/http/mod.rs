//! The edge: requests become commands, answers become JSON. One endpoint per file.

mod client;
mod error;
pub(crate) mod jwks;
pub(crate) mod pages;
pub(crate) mod qr_code;
