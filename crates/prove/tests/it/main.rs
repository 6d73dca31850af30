//! The proof, proved: where everything is right nothing is found, and whatever is planted is found.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod invariants;
mod plants;
mod world;
