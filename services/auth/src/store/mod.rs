//! All SQL of the service. Functions here take a connection, begin no transaction and decide nothing.

pub(crate) mod addresses;
pub(crate) mod consents;
pub(crate) mod contacts;
pub(crate) mod known_devices;
pub(crate) mod login_attempts;
pub(crate) mod mail_collection;
pub(crate) mod mail_requests;
pub(crate) mod one_time_tokens;
pub(crate) mod people;
pub(crate) mod personal_data;
pub(crate) mod privacy_requests;
pub(crate) mod refresh_tokens;
pub(crate) mod revocations;
pub(crate) mod role_column;
pub(crate) mod schema;
pub(crate) mod second_factor;
pub(crate) mod sessions;
pub(crate) mod signing_keys;
pub(crate) mod users;
