//! The process around the vendors: its start, its paths, its control, and the answer that is none.

pub mod control;
mod no_answer;
pub mod routes;
pub mod startup;

pub use no_answer::no_answer;
