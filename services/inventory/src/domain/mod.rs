//! The rules: what may be held, and what becomes of it. Pure: no SQL, no HTTP, no clock.

pub(crate) mod change;
pub mod ids;
pub mod lines;
pub mod reservation;
pub mod shelf;
