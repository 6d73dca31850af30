//! The rules of the catalogue. Pure: no SQL, no HTTP, no clock.

pub(crate) mod category;
pub(crate) mod ids;
pub(crate) mod pricing;
pub(crate) mod slug;
