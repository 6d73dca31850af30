//! Calls to other services.

pub(crate) mod personal_data;
