//! The rules: no SQL, no HTTP, no clock of their own.

pub(crate) mod cart;
pub(crate) mod ids;
pub(crate) mod offer;
pub(crate) mod owner;
pub(crate) mod view;
