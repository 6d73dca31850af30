//! What is heard of payments before they settle anything.

use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::payments::{PaymentFailed, PaymentInitialized, PaymentPending};
use messaging::inbox::{self, Seen};
use messaging::{ConsumeError, Outcome, Received, Trail};
use money::Money;

use super::Error;
use super::transition;
use crate::domain::ids::{OrderId, PaymentId};
use crate::domain::payment_status::AttemptStatus;
use crate::domain::status::OrderStatus;
use crate::startup::AppState;
use crate::store;
use crate::store::payments::Heard;
use crate::store::rows::OrderRow;

/// Somebody is about to pay.
pub(crate) async fn hear_initialized(
    state: &AppState,
    event: &Received<PaymentInitialized>,
) -> Result<Outcome, ConsumeError> {
    let body = &event.body;
    let heard = Attempted {
        payment: PaymentId(body.payment_id),
        order: OrderId(body.order_id),
        status: AttemptStatus::Initialized,
        amount: Some(body.amount.in_currency(body.currency)),
        channel: None,
        reference: Some(&body.reference),
    };
    note(state, event, &heard).await
}

/// Somebody has begun to pay in a way that takes time: the goods are held longer, once.
pub(crate) async fn hear_pending(
    state: &AppState,
    event: &Received<PaymentPending>,
) -> Result<Outcome, ConsumeError> {
    let body = &event.body;
    let order = OrderId(body.order_id);
    extend(state, order).await?;
    let heard = Attempted {
        payment: PaymentId(body.payment_id),
        order,
        status: AttemptStatus::Pending,
        amount: None,
        channel: body.channel.as_deref(),
        reference: None,
    };
    note(state, event, &heard).await
}

/// An attempt has come to nothing.
pub(crate) async fn hear_failed(
    state: &AppState,
    event: &Received<PaymentFailed>,
) -> Result<Outcome, ConsumeError> {
    let heard = Attempted {
        payment: PaymentId(event.body.payment_id),
        order: OrderId(event.body.order_id),
        status: AttemptStatus::Failed,
        amount: None,
        channel: None,
        reference: None,
    };
    note(state, event, &heard).await
}

/// What was heard of an attempt to pay.
struct Attempted<'a> {
    payment: PaymentId,
    order: OrderId,
    status: AttemptStatus,
    /// None: what the order comes to.
    amount: Option<Money>,
    channel: Option<&'a str>,
    reference: Option<&'a str>,
}

async fn note<E: Sync>(
    state: &AppState,
    event: &Received<E>,
    attempted: &Attempted<'_>,
) -> Result<Outcome, ConsumeError> {
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        if inbox::record(conn, event).await? == Seen::Before {
            return Ok(Outcome::Duplicate);
        }
        let order = store::orders::lock(conn, attempted.order).await?;
        let order = order.ok_or_else(|| ConsumeError::Hopeless("no such order".to_owned()))?;
        Ok(apply(conn, &trail, &order, attempted).await?)
    })
    .await
}

async fn apply(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    order: &OrderRow,
    attempted: &Attempted<'_>,
) -> Result<Outcome, Error> {
    let currency = order.currency()?;
    let attempts = store::payments::attempts_of(conn, attempted.order, currency).await?;
    let known = attempts
        .iter()
        .find(|known| known.payment == attempted.payment);
    let amount = match (known, attempted.amount) {
        (_, Some(amount)) => amount,
        (Some(known), None) => Money::from_minor(known.amount_minor, currency),
        (None, None) => order.money(&order.total)?,
    };
    let status = known.map_or(attempted.status, |known| known.status.and(attempted.status));
    let heard = Heard {
        payment: attempted.payment,
        order: attempted.order,
        status,
        amount,
        channel: attempted.channel,
        reference: attempted.reference,
    };
    store::payments::note(conn, &heard).await?;
    if known.is_some_and(|known| known.status == status) {
        return Ok(Outcome::Stale);
    }
    transition::to_paid(conn, trail, order).await?;
    Ok(Outcome::Applied)
}

/// Holds an unpaid order's goods longer. A hold that is over already is no reason to do nothing: a late payment takes the goods
/// again if they are still there.
async fn extend(state: &AppState, order: OrderId) -> Result<(), Error> {
    let row = {
        let mut conn = state.work_db.get().await?;
        store::orders::find(&mut conn, order).await?
    };
    let Some(row) = row else { return Ok(()) };
    if row.status()? != OrderStatus::Pending {
        return Ok(());
    }
    let held = match state.inventory.extend(order).await {
        Ok(held) => held,
        Err(common::client::CallError::Refused { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let Some(until) = held.expires_at else {
        return Ok(());
    };
    let now = state.clock.now();
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        let row = store::orders::lock(conn, order).await?;
        if let Some(row) = row.filter(|row| row.expires_at < until) {
            store::orders::set_expiry(conn, &row, until, now).await?;
        }
        Ok(())
    })
    .await
}
