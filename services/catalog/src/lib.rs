//! What the shop sells: categories, products and their variants, to look through, to search and to look up.
//!
//! Start with [`routes`], which names everything that can be asked; a path leads to `http/`, from there to `app/` (use cases,
//! where transactions begin and end) and to `store/` (all SQL). `domain/` holds the rules: prices, slugs, and
//! that every product has at least one variant.
//!
//! Deliberately absent: stock. What is shown as available is what inventory last said, and decides nothing.

#![forbid(unsafe_code)]

mod app;
pub mod config;
pub mod consumers;
mod domain;
mod http;
pub mod routes;
mod seed;
mod service;
pub mod startup;
mod store;

pub use service::SERVICE;
