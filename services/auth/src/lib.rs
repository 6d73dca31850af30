#![expect(dead_code)]
//! auth.
mod domain;
mod http;
mod store;
