//! The rules: what may be held, and what becomes of it. Pure: no SQL, no HTTP, no clock.

pub(crate) mod change;
pub(crate) mod ids;
pub(crate) mod lines;
pub(crate) mod reservation;
pub(crate) mod shelf;
