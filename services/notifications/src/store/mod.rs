//! All SQL of the service. Functions here take a connection, begin no transaction and decide nothing.

pub(crate) mod claims;
pub(crate) mod messages;
pub(crate) mod personal_data;
pub(crate) mod schema;
pub(crate) mod webhook_events;
