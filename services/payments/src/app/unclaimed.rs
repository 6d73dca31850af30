//! Captures that no order answers for: nothing keeps them and nothing pays them back, so people have to know.

use chrono::TimeDelta;
use diesel_async::AsyncConnection as _;
use serde_json::json;

use super::Error;
use super::attention::{self, About, Attention};
use crate::domain::ids::PaymentId;
use crate::domain::status::PaymentStatus;
use crate::startup::AppState;
use crate::store;
use crate::store::payments::Payment;

/// For so long an order may take to answer for a capture: many times what its event needs.
pub(super) const CLAIMED_WITHIN: TimeDelta = TimeDelta::minutes(15);
/// Captures that are looked at in one turn.
const BATCH: i64 = 50;

/// Puts captures before people that no order has answered for in time, each once.
pub(super) async fn call_due(state: &AppState) -> Result<(), Error> {
    let due = {
        let mut conn = state.work_db.get().await?;
        store::watching::due_claims(&mut conn, state.clock.now(), BATCH).await?
    };
    for payment in due {
        // One that cannot be told of now must not hold up the others.
        if let Err(error) = call_one(state, payment).await {
            tracing::warn!(payment.id = %payment, cause = %error, "nobody could be told that payment {payment} is unclaimed; trying again");
        }
    }
    Ok(())
}

async fn call_one(state: &AppState, id: PaymentId) -> Result<(), Error> {
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        let payment = store::payments::lock(conn, id).await?;
        let is_due = |payment: &Payment| payment.claim_due_at.is_some_and(|at| at <= trail.now());
        let Some(payment) = payment.filter(is_due) else {
            return Ok(());
        };
        store::watching::end_claim(conn, id).await?;
        // Somebody at the provider may have paid it back.
        if payment.status == PaymentStatus::Refunded {
            return Ok(());
        }
        let about = About {
            subject: id.0,
            payment: Some(id),
            facts: json!({ "orderId": payment.order.0, "reference": payment.reference.as_str() }),
        };
        attention::call(conn, &trail, Attention::Unclaimed, about).await?;
        Ok(())
    })
    .await
}
