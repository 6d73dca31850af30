//! What a payment makes of an order.
//!
//! Two transactions around one remote call, of as many orders together as wait. The first takes each order for its payment: from
//! then on nothing but this payment happens to it. Then inventory sells the goods, which is idempotent by the order's id. The
//! second writes what came of it. A crash in between is healed by the events' redelivery and by the sweep.

use std::collections::HashMap;
use std::time::Instant;

use chrono::{DateTime, Utc};
use common::failpoint;
use diesel::QueryResult;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::orders::{OrderPaid, OrderRefundRequested, OrderUnallocated, UnwantedCapture};
use events::payments::PaymentSucceeded;
use futures_util::future::try_join_all;
use messaging::{ConsumeError, Outcome, Received, Trail, each_about_another, inbox, outbox};
use money::Amount;
use uuid::Uuid;

use super::place_order::ordered_lines;
use super::transition::{self, Actor, Move, next_version};
use super::{Error, cancel_order};
use crate::domain::ids::{OrderId, PaymentId};
use crate::domain::payment_status::AttemptStatus;
use crate::domain::status::{Change, Command, Goods, OrderStatus, Stage};
use crate::startup::AppState;
use crate::store;
use crate::store::payments::Heard;
use crate::store::rows::{LineRow, OrderRow};

/// What the first transaction came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begun {
    /// The order is this payment's: sell the goods.
    Settling,
    /// There is nothing to sell; the event is done with.
    Done(Outcome),
}

/// An order that was taken for a payment, and what became of its goods.
struct Sale<'e> {
    order: OrderId,
    payment: PaymentId,
    goods: Goods,
    /// None: what was begun and interrupted is finished.
    event: Option<&'e Received<PaymentSucceeded>>,
}

/// Settles orders with payments that have succeeded.
pub(crate) async fn hear_successes(
    state: &AppState,
    events: &[Received<PaymentSucceeded>],
) -> Result<Vec<Outcome>, ConsumeError> {
    each_about_another(events.iter().map(|event| event.body.order_id))?;
    state.rush.note(events.len(), Instant::now());
    let begun = begin(state, events).await?;
    let settling = events.iter().zip(&begun);
    let settling = settling.filter(|(_, begun)| **begun == Begun::Settling);
    failpoint::reach("orders.settling_begun");
    let sales = try_join_all(settling.map(|(event, _)| sell(state, event))).await?;
    failpoint::reach("orders.goods_sold");
    let mut settled = write(state, &sales).await?.into_iter();
    let outcomes = begun.into_iter().map(|begun| match begun {
        Begun::Done(outcome) => Some(outcome),
        Begun::Settling => settled.next(),
    });
    let outcomes: Option<Vec<Outcome>> = outcomes.collect();
    outcomes.ok_or_else(|| ConsumeError::Transient("an order without an outcome".to_owned()))
}

async fn sell<'e>(
    state: &AppState,
    event: &'e Received<PaymentSucceeded>,
) -> Result<Sale<'e>, ConsumeError> {
    let order = OrderId(event.body.order_id);
    let selling = state.inventory.commit(order);
    Ok(Sale {
        order,
        payment: PaymentId(event.body.payment_id),
        goods: event.context.clone().scope(selling).await?,
        event: Some(event),
    })
}

/// Sells the goods of an order that was taken for a payment, and writes what came of it.
pub(crate) async fn finish(
    state: &AppState,
    order: OrderId,
    payment: PaymentId,
) -> Result<(), Error> {
    let sale = Sale {
        order,
        payment,
        goods: state.inventory.commit(order).await?,
        event: None,
    };
    write(state, &[sale]).await?;
    Ok(())
}

/// Takes each order for its payment, or asks for the money to go back.
async fn begin(
    state: &AppState,
    events: &[Received<PaymentSucceeded>],
) -> Result<Vec<Begun>, ConsumeError> {
    let ids: Vec<Uuid> = events.iter().map(|event| event.body.order_id).collect();
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        let orders = locked(conn, &ids).await?;
        // Orders makes the order before anybody can pay for it.
        let of = |event: &Received<PaymentSucceeded>| orders.get(&event.body.order_id);
        let orders: Option<Vec<&OrderRow>> = events.iter().map(of).collect();
        let orders = orders.ok_or_else(|| ConsumeError::Hopeless("no such order".to_owned()))?;
        store::payments::note(conn, &heard(events)).await?;
        let mut begun = Vec::with_capacity(events.len());
        let (mut moves, mut done) = (Vec::new(), Vec::new());
        for (event, order) in events.iter().zip(orders) {
            let payment = PaymentId(event.body.payment_id);
            let stage = order.stage()?;
            let change = stage.after(Command::BeginSettling(payment));
            begun.push(match change {
                // It ended, and its buyer was forgotten: nobody knows where to send it.
                Ok(Change::To(stage)) if order.contact.is_some() => {
                    let actor = Actor::system("paid");
                    moves.push(Move {
                        order,
                        stage,
                        actor,
                    });
                    Begun::Settling
                }
                // Settling already: somebody stopped in between.
                Ok(Change::Already) if stage.settling.is_some() => Begun::Settling,
                change => {
                    if change != Ok(Change::Already) {
                        let trail = event.context.enter(|| state.trail());
                        let refusing = refuse(conn, &trail, order, stage, payment);
                        event.context.clone().scope(refusing).await?;
                    }
                    done.push(event);
                    Begun::Done(Outcome::Applied)
                }
            });
        }
        transition::to_stages(conn, state.clock.now(), moves).await?;
        let fresh = inbox::record_all(conn, &done).await?;
        for (event, begun) in events.iter().zip(&mut begun) {
            if *begun != Begun::Settling && !fresh.contains(&event.id) {
                *begun = Begun::Done(Outcome::Duplicate);
            }
        }
        Ok(begun)
    })
    .await
}

async fn locked(
    conn: &mut AsyncPgConnection,
    ids: &[Uuid],
) -> QueryResult<HashMap<Uuid, OrderRow>> {
    let orders = store::orders::lock_all(conn, ids).await?;
    Ok(orders.into_iter().map(|order| (order.id, order)).collect())
}

fn heard(events: &[Received<PaymentSucceeded>]) -> Vec<Heard<'_>> {
    let heard = events.iter().map(|event| &event.body);
    heard
        .map(|heard| Heard {
            payment: PaymentId(heard.payment_id),
            order: OrderId(heard.order_id),
            status: AttemptStatus::Succeeded,
            amount: heard.amount.in_currency(heard.currency),
            channel: heard.channel.as_deref(),
            reference: Some(&heard.reference),
        })
        .collect()
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

/// Writes that the goods are sold, or gone.
async fn write(state: &AppState, sales: &[Sale<'_>]) -> Result<Vec<Outcome>, Error> {
    if sales.is_empty() {
        return Ok(Vec::new());
    }
    let mut conn = state.work_db.get().await?;
    let outcomes = conn
        .transaction(async |conn| {
            let outcomes = conclude_all(conn, state, sales).await?;
            failpoint::reach("orders.settling");
            Ok::<_, Error>(outcomes)
        })
        .await?;
    for (sale, outcome) in sales.iter().zip(&outcomes) {
        if *outcome == Outcome::Applied {
            state.counters.settled(sale.goods);
        }
    }
    state.documents_due.notify_one();
    Ok(outcomes)
}

async fn conclude_all(
    conn: &mut AsyncPgConnection,
    state: &AppState,
    sales: &[Sale<'_>],
) -> Result<Vec<Outcome>, Error> {
    let ids: Vec<Uuid> = sales.iter().map(|sale| sale.order.0).collect();
    let orders = locked(conn, &ids).await?;
    let events: Vec<_> = sales.iter().filter_map(|sale| sale.event).collect();
    let fresh = inbox::record_all(conn, &events).await?;
    let mut outcomes = Vec::with_capacity(sales.len());
    let mut settled = Vec::with_capacity(sales.len());
    for sale in sales {
        let order = orders.get(&sale.order.0).ok_or(Error::NotFound("order"))?;
        let is_known = sale.event.is_some_and(|event| !fresh.contains(&event.id));
        outcomes.push(if is_known {
            Outcome::Duplicate
        } else {
            conclude(conn, state, order, sale, &mut settled).await?
        });
    }
    settle(conn, state.clock.now(), settled).await?;
    Ok(outcomes)
}

/// Decides on one order; if it is settled, it is put to those that are to be written.
async fn conclude<'o>(
    conn: &mut AsyncPgConnection,
    state: &AppState,
    order: &'o OrderRow,
    sale: &Sale<'_>,
    settled: &mut Vec<Settled<'o>>,
) -> Result<Outcome, Error> {
    let trail = match sale.event {
        Some(event) => event.context.enter(|| state.trail()),
        None => state.trail(),
    };
    match order.stage()?.after(command(order, sale)) {
        Ok(Change::To(stage)) if stage.status == OrderStatus::Cancelled => {
            let actor = Actor::system("its goods were gone");
            cancel_order::write(conn, &trail, order, stage, actor).await?;
        }
        Ok(Change::To(stage)) => settled.push(Settled {
            order,
            stage,
            goods: sale.goods,
            trail,
        }),
        // The sweep was faster.
        Ok(Change::Already) => return Ok(Outcome::Stale),
        Err(refused) => {
            let why = format!("order {} cannot be settled: {refused}", order.id);
            return Err(Error::Bug(why));
        }
    }
    Ok(Outcome::Applied)
}

/// What the goods' fate means. Nothing goes back for an order that cost nothing, so it ends as if it was given up.
fn command(order: &OrderRow, sale: &Sale<'_>) -> Command {
    let payment = sale.payment;
    match sale.goods {
        Goods::Gone if payment.0 == order.id => Command::Forgo(payment),
        goods => Command::Settle(payment, goods),
    }
}

/// A locked order whose goods' fate is known.
struct Settled<'a> {
    order: &'a OrderRow,
    stage: Stage,
    goods: Goods,
    trail: Trail,
}

async fn settle(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    settled: Vec<Settled<'_>>,
) -> Result<(), Error> {
    let moves = settled.iter().map(|one| Move {
        order: one.order,
        stage: one.stage,
        actor: Actor::system(match one.goods {
            Goods::Sold => "paid",
            Goods::Gone => "paid when its goods were gone",
        }),
    });
    transition::to_stages(conn, now, moves.collect()).await?;
    let (sold, gone): (Vec<_>, Vec<_>) = settled
        .into_iter()
        .partition(|one| one.goods == Goods::Sold);
    for one in gone {
        one.trail
            .event(conn, &unallocated(&one)?, next_version(one.order))
            .await?;
    }
    if sold.is_empty() {
        return Ok(());
    }
    let ids = || sold.iter().map(|one| one.order.id).collect::<Vec<_>>();
    store::documents::make_invoices_due(conn, ids(), now).await?;
    let lines = store::orders::lines_of(conn, &ids()).await?;
    let events = sold.iter().map(|one| {
        let own = lines.iter().filter(|line| line.order_id == one.order.id);
        Ok((paid(one, own)?, one.trail.meta(next_version(one.order))))
    });
    let events = events.collect::<Result<Vec<_>, Error>>()?;
    outbox::append_all(conn, &events).await?;
    Ok(())
}

fn paid<'l>(
    one: &Settled<'_>,
    lines: impl Iterator<Item = &'l LineRow>,
) -> Result<OrderPaid, Error> {
    let order = one.order;
    let payment = one.stage.settled_by.map(|payment| payment.0);
    Ok(OrderPaid {
        order_id: order.id,
        user_id: order.user_id,
        order_number: order.order_number.clone(),
        // An order that cost nothing is settled in its own name.
        payment_id: payment.filter(|payment| *payment != order.id),
        lines: ordered_lines(lines),
        total: total(order)?,
        currency: order.currency()?,
        paid_at: one.trail.now(),
    })
}

fn unallocated(one: &Settled<'_>) -> Result<OrderUnallocated, Error> {
    let payment = one.stage.settled_by;
    let payment =
        payment.ok_or_else(|| Error::Bug("an order was settled by no payment".to_owned()))?;
    Ok(OrderUnallocated {
        order_id: one.order.id,
        user_id: one.order.user_id,
        order_number: one.order.order_number.clone(),
        payment_id: payment.0,
        total: total(one.order)?,
        currency: one.order.currency()?,
    })
}

fn total(order: &OrderRow) -> Result<Amount, Error> {
    let total = order.money(&order.total)?;
    Amount::try_from(total.amount()).map_err(|error| Error::Bug(error.to_string()))
}
