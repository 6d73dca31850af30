//! Transactions for tests.

use std::sync::Arc;

use chrono::DateTime;
use money::Currency;

use super::card::{Card, RefundFate};
use super::fees::fees;
use super::transaction::{Ask, Channel, Status, Transaction, Tries};

/// A transaction of so many kobo that is paid by card.
pub fn paid(id: u64, amount: i64) -> Transaction {
    let currency = Currency::Ngn;
    Transaction {
        id,
        reference: format!("ref-{id}").into(),
        access_code: format!("code-{id}").into(),
        ask: Arc::new(Ask {
            email: "ada@example.com".to_owned(),
            amount,
            currency,
            reference: None,
            callback_url: None,
            channels: Vec::new(),
            metadata: None,
        }),
        created_at: DateTime::UNIX_EPOCH,
        status: Status::Success,
        channel: Channel::Card,
        gateway_response: "Successful",
        amount,
        currency,
        fees: Some(fees(amount, currency)),
        paid_at: Some(DateTime::UNIX_EPOCH),
        card: Some(Card::usual()),
        ip_address: None,
        tries: Tries::default(),
        refund_fate: RefundFate::Processed,
        refunded: 0,
        refunding: 0,
        is_charged_back: false,
        settlement: None,
    }
}
