//! Rows, and what they are in the words of the domain.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::Error;
use money::{Currency, Money};
use serde_json::Value;
use uuid::Uuid;

use super::decimal::minor;
use super::payments::{Address, Capture, Hold, Payment};
use super::refunds::Refund;
use super::schema::payments::{payments, refunds};
use crate::domain::ids::{OrderId, PaymentId, RefundId, UserId};
use crate::domain::ledger::Account;
use crate::domain::reference::Reference;

/// A row of `payments`.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = payments)]
pub(super) struct PaymentRow {
    id: Uuid,
    order_id: Uuid,
    user_id: Option<Uuid>,
    attempt: i32,
    reference: String,
    amount: BigDecimal,
    currency: String,
    status: String,
    is_superseded: bool,
    kept: bool,
    hold_reason: Option<String>,
    callback_url: String,
    authorization_url: Option<String>,
    access_code: Option<String>,
    asked_at: Option<DateTime<Utc>>,
    opening_until: Option<DateTime<Utc>>,
    gateway_id: Option<String>,
    paid_amount: Option<BigDecimal>,
    paid_currency: Option<String>,
    fees: Option<BigDecimal>,
    channel: Option<String>,
    paid_at: Option<DateTime<Utc>>,
    settled_at: Option<DateTime<Utc>>,
    next_check_at: Option<DateTime<Utc>>,
    checks: i32,
    watched_anew_at: Option<DateTime<Utc>>,
    claim_due_at: Option<DateTime<Utc>>,
    refund_due_at: Option<DateTime<Utc>>,
    version: i64,
    traceparent: Option<String>,
    created_at: DateTime<Utc>,
}

impl PaymentRow {
    pub(super) fn open(self) -> QueryResult<Payment> {
        let capture = self.capture()?;
        let currency: Currency = self.currency.parse().map_err(unreadable)?;
        let address = self.authorization_url.zip(self.access_code);
        Ok(Payment {
            id: PaymentId(self.id),
            order: OrderId(self.order_id),
            user: self.user_id.map(UserId),
            attempt: self.attempt,
            reference: Reference::parse(&self.reference).map_err(unreadable)?,
            due: Money::from_minor(minor(&self.amount)?, currency),
            status: self.status.parse().map_err(unreadable)?,
            is_superseded: self.is_superseded,
            is_kept: self.kept,
            hold: self.hold_reason.as_deref().map(hold).transpose()?,
            callback_url: self.callback_url,
            address: address.map(|(authorization_url, access_code)| Address {
                authorization_url,
                access_code,
            }),
            asked_at: self.asked_at,
            opening_until: self.opening_until,
            capture,
            channel: self.channel,
            settled_at: self.settled_at,
            next_check_at: self.next_check_at,
            looks: self.checks.unsigned_abs(),
            watched_anew_at: self.watched_anew_at,
            claim_due_at: self.claim_due_at,
            refund_due_at: self.refund_due_at,
            version: self.version,
            traceparent: self.traceparent,
            created_at: self.created_at,
        })
    }

    /// A constraint of the table says that it is whole or absent.
    fn capture(&self) -> QueryResult<Option<Capture>> {
        let whole = || {
            Some((
                self.gateway_id.clone()?,
                self.paid_amount.as_ref()?,
                self.paid_currency.clone()?,
                self.paid_at?,
            ))
        };
        let Some((gateway_id, paid, currency, paid_at)) = whole() else {
            return Ok(None);
        };
        Ok(Some(Capture {
            gateway_id,
            paid_minor: minor(paid)?,
            currency,
            fees_minor: self.fees.as_ref().map(minor).transpose()?,
            paid_at,
        }))
    }
}

fn hold(name: &str) -> QueryResult<Hold> {
    match name {
        "mismatch" => Ok(Hold::Mismatch),
        "reversed" => Ok(Hold::Reversed),
        other => Err(Error::DeserializationError(
            format!("unknown reason to hold {other}").into(),
        )),
    }
}

/// A row of `refunds`.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = refunds)]
pub(super) struct RefundRow {
    id: Uuid,
    payment_id: Uuid,
    order_id: Uuid,
    amount: BigDecimal,
    currency: String,
    status: String,
    origin: String,
    reason: String,
    restock: Option<Value>,
    gateway_id: Option<String>,
    charged_to: String,
    asked_at: Option<DateTime<Utc>>,
    attempts: i32,
    version: i64,
    created_at: DateTime<Utc>,
    processed_at: Option<DateTime<Utc>>,
}

impl RefundRow {
    pub(super) fn open(self) -> QueryResult<Refund> {
        let charged_to: Account = self.charged_to.parse().map_err(unreadable)?;
        Ok(Refund {
            id: RefundId(self.id),
            payment: PaymentId(self.payment_id),
            order: OrderId(self.order_id),
            amount_minor: minor(&self.amount)?,
            currency: self.currency,
            status: self.status.parse().map_err(unreadable)?,
            origin: self.origin,
            reason: self.reason,
            restock: self.restock,
            gateway_id: self.gateway_id,
            charged_to,
            asked_at: self.asked_at,
            attempts: self.attempts,
            version: self.version,
            created_at: self.created_at,
            processed_at: self.processed_at,
        })
    }
}

/// A row that says what our code never writes.
pub(super) fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::DeserializationError(Box::new(error))
}
