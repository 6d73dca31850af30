//! What a payment makes of an order.
//!
//! Two transactions around one remote call. The first takes the order for the payment: from then on nothing but this payment
//! happens to it. Then inventory sells the goods, which is idempotent by the order's id. The second writes what came of it. A
//! crash in between is healed by the event's redelivery and by the sweep.

use common::failpoint;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::orders::{OrderPaid, OrderRefundRequested, OrderUnallocated, UnwantedCapture};
use events::payments::PaymentSucceeded;
use messaging::inbox::{self, Seen};
use messaging::{ConsumeError, Outcome, Received, Trail};
use money::Amount;

use super::place_order::ordered_lines;
use super::transition::{self, Actor};
use super::{Error, cancel_order};
use crate::domain::ids::{OrderId, PaymentId};
use crate::domain::payment_status::AttemptStatus;
use crate::domain::status::{Change, Command, Goods, OrderStatus, Stage};
use crate::startup::AppState;
use crate::store;
use crate::store::payments::Heard;
use crate::store::rows::OrderRow;

/// What the first transaction came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begun {
    /// The order is this payment's: sell the goods.
    Settling,
    /// There is nothing to sell; the event is done with.
    Done(Outcome),
}

/// Settles an order with a payment that has succeeded.
pub(crate) async fn hear_success(
    state: &AppState,
    event: &Received<PaymentSucceeded>,
) -> Result<Outcome, ConsumeError> {
    match begin(state, event).await? {
        Begun::Done(outcome) => Ok(outcome),
        Begun::Settling => {
            failpoint::reach("orders.settling_begun");
            let payment = &event.body;
            let order = OrderId(payment.order_id);
            let goods = state.inventory.commit(order).await?;
            failpoint::reach("orders.goods_sold");
            let settled = write(
                state,
                order,
                PaymentId(payment.payment_id),
                goods,
                Some(event),
            )
            .await?;
            Ok(settled)
        }
    }
}

/// Sells the goods of an order that was taken for a payment, and writes what came of it.
pub(crate) async fn finish(
    state: &AppState,
    order: OrderId,
    payment: PaymentId,
) -> Result<(), Error> {
    let goods = state.inventory.commit(order).await?;
    write(state, order, payment, goods, None).await?;
    Ok(())
}

/// Takes the order for the payment, or asks for the money to go back.
async fn begin(
    state: &AppState,
    event: &Received<PaymentSucceeded>,
) -> Result<Begun, ConsumeError> {
    let trail = state.trail();
    let heard = &event.body;
    let payment = PaymentId(heard.payment_id);
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        let order = store::orders::lock(conn, OrderId(heard.order_id)).await?;
        // Orders makes the order before anybody can pay for it.
        let order = order.ok_or_else(|| ConsumeError::Hopeless("no such order".to_owned()))?;
        note(conn, &order, heard).await?;
        let stage = order.stage()?;
        match stage.after(Command::BeginSettling(payment)) {
            // It ended, and its buyer was forgotten: nobody knows where to send it.
            Ok(Change::To(_)) if order.contact.is_none() => {
                refuse(conn, &trail, &order, stage, payment).await?;
                done(conn, event, Outcome::Applied).await
            }
            Ok(Change::To(stage)) => {
                let actor = Actor::system("paid");
                transition::to_stage(conn, &trail, &order, stage, actor).await?;
                Ok(Begun::Settling)
            }
            // Settling already: somebody stopped in between.
            Ok(Change::Already) if stage.settling.is_some() => Ok(Begun::Settling),
            Ok(Change::Already) => done(conn, event, Outcome::Applied).await,
            Err(_refused) => {
                refuse(conn, &trail, &order, stage, payment).await?;
                done(conn, event, Outcome::Applied).await
            }
        }
    })
    .await
}

async fn note(
    conn: &mut AsyncPgConnection,
    order: &OrderRow,
    heard: &PaymentSucceeded,
) -> Result<(), Error> {
    let succeeded = Heard {
        payment: PaymentId(heard.payment_id),
        order: OrderId(order.id),
        status: AttemptStatus::Succeeded,
        amount: heard.amount.in_currency(heard.currency),
        channel: heard.channel.as_deref(),
        reference: Some(&heard.reference),
    };
    Ok(store::payments::note(conn, &succeeded).await?)
}

/// The order has no use for the money: it goes back.
async fn refuse(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    order: &OrderRow,
    stage: Stage,
    payment: PaymentId,
) -> Result<(), Error> {
    let reason = match stage.status {
        OrderStatus::Cancelled => UnwantedCapture::Cancelled,
        OrderStatus::PaidUnallocated | OrderStatus::Refunded | OrderStatus::Expired => {
            UnwantedCapture::Closed
        }
        _ => UnwantedCapture::AlreadyPaid,
    };
    tracing::warn!(order.id = %order.id, payment.id = %payment, ?reason,
        "order {} has no use for payment {payment}; it is paid back", order.order_number);
    let version = transition::to_stage(conn, trail, order, stage, Actor::system("")).await?;
    let event = OrderRefundRequested {
        order_id: order.id,
        payment_id: payment.0,
        reason,
    };
    trail.event(conn, &event, version).await?;
    Ok(())
}

async fn done(
    conn: &mut AsyncPgConnection,
    event: &Received<PaymentSucceeded>,
    outcome: Outcome,
) -> Result<Begun, ConsumeError> {
    Ok(Begun::Done(match inbox::record(conn, event).await? {
        Seen::First => outcome,
        Seen::Before => Outcome::Duplicate,
    }))
}

/// Writes that the goods are sold, or gone.
async fn write(
    state: &AppState,
    order: OrderId,
    payment: PaymentId,
    goods: Goods,
    event: Option<&Received<PaymentSucceeded>>,
) -> Result<Outcome, Error> {
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    let outcome = conn
        .transaction(async |conn| {
            let row = store::orders::lock(conn, order).await?;
            let row = row.ok_or(Error::NotFound("order"))?;
            if let Some(event) = event
                && inbox::record(conn, event).await? == Seen::Before
            {
                return Ok(Outcome::Duplicate);
            }
            match row.stage()?.after(command(&row, payment, goods)) {
                Ok(Change::To(stage)) if stage.status == OrderStatus::Cancelled => {
                    let actor = Actor::system("its goods were gone");
                    cancel_order::write(conn, &trail, &row, stage, actor).await?;
                    Ok(Outcome::Applied)
                }
                Ok(Change::To(stage)) => {
                    settle(conn, &trail, &row, stage, goods).await?;
                    failpoint::reach("orders.settling");
                    Ok(Outcome::Applied)
                }
                // The sweep was faster.
                Ok(Change::Already) => Ok(Outcome::Stale),
                Err(refused) => Err(Error::Bug(format!(
                    "order {order} cannot be settled: {refused}"
                ))),
            }
        })
        .await;
    if matches!(outcome, Ok(Outcome::Applied)) {
        state.counters.settled(goods);
        state.documents_due.notify_one();
    }
    outcome
}

/// What the goods' fate means. Nothing goes back for an order that cost nothing, so it ends as if it was given up.
fn command(order: &OrderRow, payment: PaymentId, goods: Goods) -> Command {
    match goods {
        Goods::Gone if payment.0 == order.id => Command::Forgo(payment),
        goods => Command::Settle(payment, goods),
    }
}

async fn settle(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    order: &OrderRow,
    stage: Stage,
    goods: Goods,
) -> Result<(), Error> {
    let note = match goods {
        Goods::Sold => "paid",
        Goods::Gone => "paid when its goods were gone",
    };
    let version = transition::to_stage(conn, trail, order, stage, Actor::system(note)).await?;
    let payment = stage.settled_by.map(|payment| payment.0);
    let total = order.money(&order.total)?;
    let total = Amount::try_from(total.amount()).map_err(|error| Error::Bug(error.to_string()))?;
    let currency = order.currency()?;
    match goods {
        Goods::Sold => {
            store::documents::make_invoice_due(conn, OrderId(order.id), trail.now()).await?;
            let lines = store::orders::lines_of(conn, &[order.id]).await?;
            let event = OrderPaid {
                order_id: order.id,
                user_id: order.user_id,
                order_number: order.order_number.clone(),
                // An order that cost nothing is settled in its own name.
                payment_id: payment.filter(|payment| *payment != order.id),
                lines: ordered_lines(&lines),
                total,
                currency,
                paid_at: trail.now(),
            };
            trail.event(conn, &event, version).await?;
        }
        Goods::Gone => {
            let payment_id = payment
                .ok_or_else(|| Error::Bug("an order was settled by no payment".to_owned()))?;
            let event = OrderUnallocated {
                order_id: order.id,
                user_id: order.user_id,
                order_number: order.order_number.clone(),
                payment_id,
                total,
                currency,
            };
            trail.event(conn, &event, version).await?;
        }
    }
    Ok(())
}
