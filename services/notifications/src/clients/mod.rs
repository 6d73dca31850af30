//! Calls to others: the mail provider, and the services that know what a mail says.

pub(crate) mod auth_mails;
pub(crate) mod orders;
pub(crate) mod provider;
pub(crate) mod resend;
