//! What this service holds about a person: told to that person, or forgotten.

use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection as _;
use events::auth::EraseRequested;
use events::shared::PrivacyErased;
use messaging::inbox::{self, Seen};
use messaging::{Outcome, Received};
use money::{Currency, SignedAmount};
use serde::Serialize;
use uuid::Uuid;

use super::Error;
use crate::SERVICE;
use crate::domain::ids::UserId;
use crate::startup::AppState;
use crate::store;
use crate::store::payments::Payment;

/// One person's data in the payments service.
#[derive(Debug, Serialize)]
pub(crate) struct PersonalData {
    payments: Vec<PaymentData>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentData {
    id: Uuid,
    order_id: Uuid,
    reference: String,
    amount: SignedAmount,
    currency: Currency,
    status: &'static str,
    channel: Option<String>,
    paid_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<Payment> for PaymentData {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.id.0,
            order_id: payment.order.0,
            reference: payment.reference.as_str().to_owned(),
            amount: payment.due.amount(),
            currency: payment.due.currency(),
            status: payment.status.name(),
            channel: payment.channel,
            paid_at: payment.capture.map(|capture| capture.paid_at),
            created_at: payment.created_at,
        }
    }
}

/// Gathers a person's data. Somebody who never paid anything has an empty list; that is no error, as only auth knows who exists.
pub(crate) async fn gather(state: &AppState, user: UserId) -> Result<PersonalData, Error> {
    let mut conn = state.db.get().await?;
    let payments = store::personal_data::payments_of(&mut conn, user).await?;
    Ok(PersonalData {
        payments: payments.into_iter().map(PaymentData::from).collect(),
    })
}

/// Forgets a person and confirms it. What was paid stays in the books, which name nobody.
pub(crate) async fn erase(
    state: &AppState,
    event: &Received<EraseRequested>,
) -> Result<Outcome, Error> {
    let trail = state.trail();
    let asked = &event.body;
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        if inbox::record(conn, event).await? == Seen::Before {
            return Ok(Outcome::Duplicate);
        }
        store::personal_data::erase(conn, UserId(asked.user_id)).await?;
        let confirmed = PrivacyErased {
            request_id: asked.request_id,
            user_id: asked.user_id,
            service: SERVICE.name.to_owned(),
        };
        trail.events(conn, [(confirmed, 1)]).await?;
        Ok(Outcome::Applied)
    })
    .await
}
