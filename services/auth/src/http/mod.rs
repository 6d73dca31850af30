//! The edge: requests in, answers out.

pub(crate) mod pages;
pub(crate) mod qr_code;
