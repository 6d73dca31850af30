//! Writing what becomes of a locked order: its row, its history and what is paid of it agree.

use diesel_async::AsyncPgConnection;
use messaging::Trail;
use uuid::Uuid;

use super::Error;
use crate::domain::ids::{OrderId, UserId};
use crate::domain::payment_status::{PaymentStatus, payment_status};
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

/// Writes that a locked order is at another stage; answers its version from now on.
pub(crate) async fn to_stage(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    order: &OrderRow,
    stage: Stage,
    actor: Actor,
) -> Result<i64, Error> {
    let changed = Changed {
        stage,
        payment_status: paid_of(conn, order, stage).await?.name(),
        now: trail.now(),
    };
    let version = store::orders::save(conn, order, &changed).await?;
    if order.is_forgotten && stage.is_over() {
        store::personal_data::forget_contact(conn, OrderId(order.id)).await?;
    }
    let before = order.status()?;
    if before != stage.status {
        let row = entry(order, version, Some(before), stage.status, actor, trail);
        store::history::append(conn, &row).await?;
        keep_coupon_true(conn, order, stage.status).await?;
    }
    Ok(version)
}

/// Writes what is paid of a locked order by now; nothing if that is what it says already.
pub(crate) async fn to_paid(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    order: &OrderRow,
) -> Result<(), Error> {
    let stage = order.stage()?;
    if paid_of(conn, order, stage).await?.name() != order.payment_status {
        to_stage(conn, trail, order, stage, Actor::system("")).await?;
    }
    Ok(())
}

async fn paid_of(
    conn: &mut AsyncPgConnection,
    order: &OrderRow,
    stage: Stage,
) -> Result<PaymentStatus, Error> {
    let attempts = store::payments::attempts_of(conn, OrderId(order.id), order.currency()?).await?;
    let kept = stage.settled_by.or(stage.settling);
    Ok(payment_status(kept, &attempts))
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
    let row = entry(
        order,
        version,
        Some(stage.status),
        stage.status,
        actor,
        trail,
    );
    store::history::append(conn, &row).await?;
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
        trail,
    )
}

fn entry(
    order: &OrderRow,
    version: i64,
    from: Option<OrderStatus>,
    to: OrderStatus,
    actor: Actor,
    trail: &Trail,
) -> HistoryRow {
    HistoryRow {
        order_id: order.id,
        version,
        from_status: from.map(|status| status.name().to_owned()),
        to_status: to.name().to_owned(),
        actor: actor.name.to_owned(),
        actor_id: actor.id,
        note: actor.note,
        at: trail.now(),
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
