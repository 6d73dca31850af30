//! The catalogue from outside: HTTP in, rows and promised events out.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot be set up has failed"
)]

mod answers;
mod app;
mod categories;
mod faults;
mod images;
mod import;
mod listing;
mod lookup;
mod migrations;
mod plans;
mod products;
mod search;
mod stock;
mod wishlist;
