//! Writing what becomes of a locked order: its row, its history and what is paid of it agree.

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use messaging::Trail;
use uuid::Uuid;

use super::Error;
use crate::domain::ids::{OrderId, UserId};
use crate::domain::payment_status::{Attempt, PaymentStatus, payment_status};
use crate::domain::status::{OrderStatus, Stage};
use crate::store;
use crate::store::orders::Changed;
use crate::store::rows::{HistoryRow, OrderRow};

/// Who did it.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    /// `customer`, `system`, or the role of a member of staff.
    pub(crate) name: &'static str,
    pub(crate) id: Option<Uuid>,
    /// Why, in words.
    pub(crate) note: Option<String>,
}

impl Actor {
    /// Something that happened by itself.
    pub(crate) fn system(note: &str) -> Self {
        Self {
            name: "system",
            id: None,
            note: Some(note.to_owned()),
        }
    }

    /// The buyer, whom the order itself names.
    pub(crate) fn customer(note: Option<String>) -> Self {
        Self {
            name: "customer",
            id: None,
            note,
        }
    }
}

/// A locked order that comes to another stage.
#[derive(Debug)]
pub(crate) struct Move<'a> {
    pub(crate) order: &'a OrderRow,
    pub(crate) stage: Stage,
    pub(crate) actor: Actor,
}

/// Writes that a locked order is at another stage; answers its version from now on.
pub(crate) async fn to_stage(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    order: &OrderRow,
    stage: Stage,
    actor: Actor,
) -> Result<i64, Error> {
    let moved = Move {
        order,
        stage,
        actor,
    };
    to_stages(conn, trail.now(), vec![moved]).await?;
    Ok(next_version(order))
}

/// The version of a locked order once it has moved.
pub(crate) fn next_version(order: &OrderRow) -> i64 {
    order.version + 1
}

/// The same of several orders, in one statement of each kind.
pub(crate) async fn to_stages(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    moves: Vec<Move<'_>>,
) -> Result<(), Error> {
    if moves.is_empty() {
        return Ok(());
    }
    let orders = moves.iter().map(|moved| moved.order);
    let attempts = store::payments::attempts_of_all(conn, orders).await?;
    let changed = moves.iter().map(|moved| Changed {
        order: moved.order,
        stage: moved.stage,
        payment_status: paid(
            moved.stage,
            attempts.get(&moved.order.id).map_or(&[], Vec::as_slice),
        )
        .name(),
    });
    store::orders::save(conn, &changed.collect::<Vec<_>>(), now).await?;
    let mut history = Vec::with_capacity(moves.len());
    for Move {
        order,
        stage,
        actor,
    } in moves
    {
        if order.is_forgotten && stage.is_over() {
            store::personal_data::forget_contact(conn, OrderId(order.id)).await?;
        }
        let before = order.status()?;
        if before != stage.status {
            let version = next_version(order);
            history.push(entry(
                order,
                version,
                Some(before),
                stage.status,
                actor,
                now,
            ));
            keep_coupon_true(conn, order, stage.status).await?;
        }
    }
    if !history.is_empty() {
        store::history::append(conn, &history).await?;
    }
    Ok(())
}

/// What is paid of an order at a stage.
pub(crate) fn paid(stage: Stage, attempts: &[Attempt]) -> PaymentStatus {
    payment_status(stage.settled_by.or(stage.settling), attempts)
}

/// Writes something about a locked order into its history that leaves its status as it is; answers its version from now on.
pub(crate) async fn remark(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    order: &OrderRow,
    actor: Actor,
) -> Result<i64, Error> {
    let stage = order.stage()?;
    let version = to_stage(conn, trail, order, stage, actor.clone()).await?;
    let now = trail.now();
    let row = entry(order, version, Some(stage.status), stage.status, actor, now);
    store::history::append(conn, &[row]).await?;
    Ok(version)
}

/// What a new order's history begins with.
pub(crate) fn first_entry(order: &OrderRow, actor: Actor, trail: &Trail) -> HistoryRow {
    entry(
        order,
        order.version,
        None,
        OrderStatus::Pending,
        actor,
        trail.now(),
    )
}

fn entry(
    order: &OrderRow,
    version: i64,
    from: Option<OrderStatus>,
    to: OrderStatus,
    actor: Actor,
    at: DateTime<Utc>,
) -> HistoryRow {
    HistoryRow {
        order_id: order.id,
        version,
        from_status: from.map(|status| status.name().to_owned()),
        to_status: to.name().to_owned(),
        actor: actor.name.to_owned(),
        actor_id: actor.id,
        note: actor.note,
        at,
    }
}

/// A coupon counts for orders that are open or paid. A late payment that brings an order back counts again, even past the
/// coupon's limit: the buyer was promised that price.
async fn keep_coupon_true(
    conn: &mut AsyncPgConnection,
    order: &OrderRow,
    status: OrderStatus,
) -> Result<(), Error> {
    use crate::domain::ids::CouponId;
    let Some(coupon) = order.coupon_id else {
        return Ok(());
    };
    let id = OrderId(order.id);
    match status {
        OrderStatus::Cancelled | OrderStatus::Expired | OrderStatus::PaidUnallocated => {
            store::coupons::give_back(conn, id).await?;
        }
        OrderStatus::Processing => {
            store::coupons::count_use(conn, CouponId(coupon), id, UserId(order.user_id)).await?;
        }
        _ => {}
    }
    Ok(())
}
