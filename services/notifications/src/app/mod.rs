//! Use cases: transactions begin and end here.

mod content;
pub(crate) mod counters;
pub(crate) mod deliver;
pub(crate) mod ends;
mod error;
pub(crate) mod finance_content;
pub(crate) mod hear_webhook;
pub(crate) mod notifications;
mod order_content;
mod order_facts;
pub(crate) mod pace;
pub(crate) mod personal_data;
pub(crate) mod prepare;
pub(crate) mod request_mail;
pub(crate) mod sender;
pub(crate) mod sweep;
pub(crate) mod trail;

pub(crate) use error::Error;
