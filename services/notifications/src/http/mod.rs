//! The edge: requests become commands, answers become JSON. One endpoint per file.

mod error;
pub(crate) mod get_personal_data;
pub(crate) mod hear_resend;
pub(crate) mod list_mails_of_order;
pub(crate) mod list_notifications;
mod notification;
pub(crate) mod resend_notification;
