//! The edge: requests in, answers out.

pub mod pages;
pub mod qr_code;
