//! Use cases: transactions begin and end here.

pub(crate) mod account_limit;
pub(crate) mod addresses;
pub(crate) mod change_password;
pub(crate) mod collect_mail;
pub(crate) mod consents;
pub(crate) mod counters;
pub(crate) mod devices;
pub(crate) mod erase_account;
mod error;
pub(crate) mod export_data;
pub(crate) mod get_contact;
pub(crate) mod list_revocations;
pub(crate) mod login;
pub(crate) mod mailed_link;
mod password_check;
pub(crate) mod password_reset;
pub(crate) mod people;
pub(crate) mod personal_data;
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
pub(crate) mod two_factor;
pub(crate) mod verify_email;

pub(crate) use error::Error;
