//! Resend's wire protocol: `POST /emails`, `POST /emails/batch`, `GET /emails/:id`, and webhooks.
//!
//! [`handle`] is a request from beginning to end; [`gate`] says who may come in, [`message`] what a mail must be like,
//! [`account`] what a mail does. [`webhook`] tells the shop what became of it. What the vendor has and the shop does not
//! use (templates, audiences, broadcasts, domains, attachments fetched from a URL) is tolerated and does nothing.

pub mod account;
pub mod address;
pub mod attachment;
pub mod control;
pub mod error;
pub mod facts;
pub mod fields;
pub mod gate;
pub mod handle;
pub mod idempotency;
pub mod mail;
pub mod mailbox;
pub mod message;
pub mod outcome;
pub mod send;
pub mod suppression;
pub mod webhook;

pub use account::Account;
