//! The rules: no SQL, no HTTP, no clock of their own.

pub(crate) mod address;
pub(crate) mod attempt;
pub(crate) mod ids;
pub(crate) mod price;
pub(crate) mod report;
pub(crate) mod status;
pub(crate) mod template;
pub(crate) mod told;
pub(crate) mod webhook_event;
pub(crate) mod webhook_signature;
