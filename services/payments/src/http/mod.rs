//! The edge: one endpoint per file.

pub(crate) mod accept_dispute;
pub(crate) mod contest_dispute;
mod dispute;
mod error;
pub(crate) mod get_dispute;
pub(crate) mod get_payment;
pub(crate) mod get_personal_data;
pub(crate) mod get_trial_balance;
pub(crate) mod hear_paystack;
pub(crate) mod initialize_payment;
pub(crate) mod list_disputes;
pub(crate) mod list_ledger_entries;
pub(crate) mod list_payments;
pub(crate) mod list_payments_of_order;
pub(crate) mod list_refunds;
mod payment;
mod refund;
pub(crate) mod refund_order;
pub(crate) mod refund_payment;
pub(crate) mod return_from_gateway;
mod to_the_end;
pub(crate) mod verify_payment;
pub(crate) mod verify_reference;
mod wants;
