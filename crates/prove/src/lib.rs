//! The proof that no order, unit of stock or payment is lost or doubled, for anyone to repeat.
//!
//! [`invariants`] reads the databases of all services at once and finds what must not be there.

#![forbid(unsafe_code)]

pub mod invariants;
