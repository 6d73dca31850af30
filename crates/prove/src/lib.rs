//! The proof that no order, unit of stock or payment is lost or doubled, for anyone to repeat.
//!
//! [`invariants`] reads the databases of all services at once and finds what must not be there. [`simulation`] plays a million
//! sales through the services' own rules while messages are lost, doubled and reordered. [`failpoints`] lists where a process can be
//! told to die.

#![forbid(unsafe_code)]

pub mod failpoints;
pub mod invariants;
pub mod simulation;
