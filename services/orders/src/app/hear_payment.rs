//! What is heard of payments before they settle anything.

use std::collections::HashMap;

use diesel_async::AsyncConnection as _;
use events::payments::{PaymentFailed, PaymentInitialized, PaymentPending};
use messaging::{ConsumeError, Outcome, Received, each_about_another, inbox};
use money::Money;
use uuid::Uuid;

use super::Error;
use super::transition::{self, Actor, Move};
use crate::domain::ids::{OrderId, PaymentId};
use crate::domain::payment_status::{Attempt, AttemptStatus};
use crate::domain::status::OrderStatus;
use crate::startup::AppState;
use crate::store;
use crate::store::payments::Heard;
use crate::store::rows::OrderRow;

/// Somebody is about to pay.
pub(crate) async fn hear_initialized(
    state: &AppState,
    events: &[Received<PaymentInitialized>],
) -> Result<Vec<Outcome>, ConsumeError> {
    let heard = events.iter().map(|event| {
        let body = &event.body;
        Attempted {
            payment: PaymentId(body.payment_id),
            order: OrderId(body.order_id),
            status: AttemptStatus::Initialized,
            amount: Some(body.amount.in_currency(body.currency)),
            channel: None,
            reference: Some(&body.reference),
        }
    });
    note(state, events, &heard.collect::<Vec<_>>()).await
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
    note_one(state, event, heard).await
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
    note_one(state, event, heard).await
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

async fn note_one<E: Sync>(
    state: &AppState,
    event: &Received<E>,
    attempted: Attempted<'_>,
) -> Result<Outcome, ConsumeError> {
    let outcomes = note(state, std::slice::from_ref(event), &[attempted]).await?;
    let outcome = outcomes.into_iter().next();
    outcome.ok_or_else(|| ConsumeError::Transient("no outcome".to_owned()))
}

/// Notes what was heard, one word of each event.
async fn note<E: Sync>(
    state: &AppState,
    events: &[Received<E>],
    attempted: &[Attempted<'_>],
) -> Result<Vec<Outcome>, ConsumeError> {
    each_about_another(attempted.iter().map(|one| one.order))?;
    let now = state.clock.now();
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        let fresh = inbox::record_all(conn, &events.iter().collect::<Vec<_>>()).await?;
        let orders: Vec<Uuid> = attempted.iter().map(|one| one.order.0).collect();
        let orders = store::orders::lock_all(conn, &orders).await?;
        let orders: HashMap<Uuid, OrderRow> =
            orders.into_iter().map(|order| (order.id, order)).collect();
        let known = store::payments::attempts_of_all(conn, orders.values()).await?;
        let mut outcomes = Vec::with_capacity(events.len());
        let (mut heard, mut moves) = (Vec::new(), Vec::new());
        for (event, one) in events.iter().zip(attempted) {
            if !fresh.contains(&event.id) {
                outcomes.push(Outcome::Duplicate);
                continue;
            }
            let order = orders.get(&one.order.0);
            let order = order.ok_or_else(|| ConsumeError::Hopeless("no such order".to_owned()))?;
            let known = known.get(&order.id).map_or(&[][..], Vec::as_slice);
            let said = said(order, known, one)?;
            let is_stale = known
                .iter()
                .any(|known| known.payment == said.payment && known.status == said.status);
            if !is_stale {
                moves.extend(paid_otherwise(order, known, &said)?);
            }
            heard.push(said);
            outcomes.push(if is_stale {
                Outcome::Stale
            } else {
                Outcome::Applied
            });
        }
        store::payments::note(conn, &heard).await?;
        transition::to_stages(conn, now, moves).await?;
        Ok(outcomes)
    })
    .await
}

/// What is noted of an attempt, whatever was known of it.
fn said<'a>(
    order: &OrderRow,
    known: &[Attempt],
    attempted: &Attempted<'a>,
) -> Result<Heard<'a>, Error> {
    let currency = order.currency()?;
    let known = known
        .iter()
        .find(|known| known.payment == attempted.payment);
    let amount = match (known, attempted.amount) {
        (_, Some(amount)) => amount,
        (Some(known), None) => Money::from_minor(known.amount_minor, currency),
        (None, None) => order.money(&order.total)?,
    };
    Ok(Heard {
        payment: attempted.payment,
        order: attempted.order,
        status: known.map_or(attempted.status, |known| known.status.and(attempted.status)),
        amount,
        channel: attempted.channel,
        reference: attempted.reference,
    })
}

/// The order with another word about what is paid of it, if it needs one.
fn paid_otherwise<'o>(
    order: &'o OrderRow,
    known: &[Attempt],
    said: &Heard<'_>,
) -> Result<Option<Move<'o>>, Error> {
    let stage = order.stage()?;
    let others = known.iter().filter(|known| known.payment != said.payment);
    let same = known.iter().find(|known| known.payment == said.payment);
    let mut attempts: Vec<Attempt> = others.copied().collect();
    attempts.push(Attempt {
        payment: said.payment,
        status: said.status,
        amount_minor: said.amount.minor(),
        refunded_minor: same.map_or(0, |known| known.refunded_minor),
    });
    attempts.sort_by_key(|attempt| attempt.payment.0);
    let is_same = transition::paid(stage, &attempts).name() == order.payment_status;
    Ok((!is_same).then(|| Move {
        order,
        stage,
        actor: Actor::system(""),
    }))
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
