//! The edge: requests become commands, answers become JSON. One endpoint per file.

pub(crate) mod change_password;
mod client;
mod cookies;
mod error;
mod fields;
pub(crate) mod get_contact;
pub(crate) mod get_jwks;
pub(crate) mod get_me;
pub(crate) mod list_revocations;
pub(crate) mod list_sessions;
pub(crate) mod login;
pub(crate) mod logout;
mod origin;
pub(crate) mod refresh;
pub(crate) mod register;
pub(crate) mod revoke_session;
mod signed_in;
pub(crate) mod update_me;
mod user;
