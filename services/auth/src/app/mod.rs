//! Use cases: transactions begin and end here.

pub(crate) mod account_limit;
pub(crate) mod change_password;
pub(crate) mod counters;
pub(crate) mod devices;
mod error;
pub(crate) mod get_contact;
pub(crate) mod list_revocations;
pub(crate) mod login;
mod password_check;
pub(crate) mod profile;
pub(crate) mod reauthentication;
pub(crate) mod refresh;
pub(crate) mod register;
pub(crate) mod revocation;
pub(crate) mod second_factor;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod sweep;
pub(crate) mod trail;

pub(crate) use error::Error;
