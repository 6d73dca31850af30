//! Rows of disputes, and what they are in the words of the domain.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::decimal::minor;
use super::disputes::{Answer, Dispute, Taken};
use super::rows::unreadable;
use super::schema::payments::disputes;
use crate::domain::dispute::Stand;
use crate::domain::ids::{DisputeId, OrderId, PaymentId, UserId};

/// A row of `disputes`.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = disputes)]
pub(super) struct Row {
    id: Uuid,
    gateway_id: String,
    reference: String,
    payment_id: Option<Uuid>,
    order_id: Option<Uuid>,
    amount: BigDecimal,
    currency: String,
    category: Option<String>,
    reason: Option<String>,
    status: String,
    resolution: Option<String>,
    outcome: Option<String>,
    due_at: DateTime<Utc>,
    due_source: String,
    remind_at: Option<DateTime<Utc>>,
    reminded_at: Option<DateTime<Utc>>,
    taken: Option<BigDecimal>,
    charged_to: Option<String>,
    returned_at: Option<DateTime<Utc>>,
    answer: Option<String>,
    answer_step: Option<String>,
    answer_hash: Option<Vec<u8>>,
    answer_file: Option<String>,
    answered_by: Option<Uuid>,
    answered_at: Option<DateTime<Utc>>,
    answering_until: Option<DateTime<Utc>>,
    version: i64,
    opened_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Row {
    /// A constraint of the table says that it is whole or absent.
    fn answer(&self) -> QueryResult<Option<Answer>> {
        let whole = || {
            let (kind, step) = (self.answer.as_deref()?, self.answer_step.as_deref()?);
            Some((kind, step, self.answer_hash.clone()?, self.answered_by?))
        };
        let Some((kind, step, hash, by)) = whole() else {
            return Ok(None);
        };
        Ok(Some(Answer {
            kind: kind.parse().map_err(unreadable)?,
            step: step.parse().map_err(unreadable)?,
            hash,
            file: self.answer_file.clone(),
            by: UserId(by),
            given_at: self.answered_at,
        }))
    }

    pub(super) fn open(self) -> QueryResult<Dispute> {
        let answer = self.answer()?;
        let outcome = self.outcome.as_deref().map(str::parse);
        let taken = self.taken.zip(self.charged_to);
        let taken = taken.map(|(amount, account)| {
            Ok::<_, diesel::result::Error>(Taken {
                minor: minor(&amount)?,
                charged_to: account.parse().map_err(unreadable)?,
                returned_at: self.returned_at,
            })
        });
        Ok(Dispute {
            id: DisputeId(self.id),
            gateway_id: self.gateway_id,
            reference: self.reference,
            of: self
                .payment_id
                .map(PaymentId)
                .zip(self.order_id.map(OrderId)),
            amount_minor: minor(&self.amount)?,
            currency: self.currency,
            category: self.category,
            reason: self.reason,
            stand: Stand {
                status: self.status.parse().map_err(unreadable)?,
                outcome: outcome.transpose().map_err(unreadable)?,
            },
            resolution: self.resolution,
            due_at: self.due_at,
            due_source: self.due_source,
            remind_at: self.remind_at,
            reminded_at: self.reminded_at,
            taken: taken.transpose()?,
            answer,
            answering_until: self.answering_until,
            version: self.version,
            opened_at: self.opened_at,
            resolved_at: self.resolved_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}
