//! What the provider pays out: read from its list, brought into the books, and found again at the shop's bank.
//!
//! Begin with [`worker`]: in one process at a time it reads the list ([`pull`]), and takes each settlement that is new or has
//! changed to the end: its transactions ([`take`]), the payments that they are ([`apply`]), the books ([`close`]). Each step
//! commits for itself and goes on where it was.

mod apply;
pub(crate) mod bank_credits;
mod close;
pub(crate) mod import_bank_credits;
mod missing;
mod pull;
pub(crate) mod queries;
mod take;
pub(crate) mod worker;
