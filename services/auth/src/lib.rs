//! Who is who: accounts, logins, sessions, second factors, address books, consents and the keys behind every token.
//!
//! Start with [`routes`] (what can be asked of it), then follow one handler in `http/` to its use case in `app/`, the
//! rule in `domain/` and the SQL in `store/`. [`startup`] is the only place where the parts are wired together.
//!
//! Deliberately absent: sending mail (the notifications service asks for what a mail should say when it sends it),
//! and checking tokens for others (every service does that itself, with `common::auth` and the keys published here).

#![forbid(unsafe_code)]

mod app;
mod clients;
pub mod config;
mod consumers;
mod domain;
pub mod hashing;
mod http;
pub mod keys;
pub mod routes;
pub mod seed;
mod service;
pub mod startup;
mod store;

pub use service::SERVICE;
