//! What staff does with orders: sends them, notes how they travel, gives up unpaid ones.

use common::auth::CurrentUser;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::orders::{OrderDelivered, OrderShipped};
use messaging::Trail;
use serde_json::json;

use super::contact::Contact;
use super::queries::{self, OrderView};
use super::transition::{self, Actor};
use super::{Error, ORDER, cancel_order, hear_dispute};
use crate::domain::ids::OrderId;
use crate::domain::status::{Change, Command, OrderStatus, Stage};
use crate::startup::AppState;
use crate::store;
use crate::store::rows::OrderRow;

/// What changes. What is absent stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChangeOrder {
    pub(crate) status: Option<OrderStatus>,
    pub(crate) tracking_number: Option<String>,
    pub(crate) carrier: Option<String>,
    /// Staff's own, which the buyer does not see.
    pub(crate) notes: Option<String>,
    /// Why, for the order's history.
    pub(crate) reason: Option<String>,
    /// The version that was looked at.
    pub(crate) version: Option<i64>,
}

/// Changes an order. The status that it has already is no change.
pub(crate) async fn change_order(
    state: &AppState,
    caller: &CurrentUser,
    order: OrderId,
    change: ChangeOrder,
) -> Result<OrderView, Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let row = store::orders::lock(conn, order).await?;
        let row = row.ok_or(Error::NotFound("order"))?;
        if change.version.is_some_and(|version| version != row.version) {
            return Err(Error::Version {
                current: row.version,
            });
        }
        let row = note(conn, state, row, &change, &trail).await?;
        if let Some(status) = change.status {
            advance(conn, &trail, caller, &row, status, change.reason.clone()).await?;
        }
        let facts = json!({
            "status": change.status.map(OrderStatus::name),
            "tracking": change.tracking_number.is_some(), "notes": change.notes.is_some(),
        });
        trail
            .audit(
                conn,
                caller,
                "order.changed",
                (ORDER, order.to_string()),
                facts,
            )
            .await?;
        Ok(())
    })
    .await?;
    queries::view(&mut conn, state, order).await
}

/// Writes how it travels and what was noted; answers the row as it is then.
async fn note(
    conn: &mut AsyncPgConnection,
    state: &AppState,
    mut row: OrderRow,
    change: &ChangeOrder,
    trail: &Trail,
) -> Result<OrderRow, Error> {
    let is_delivery = change.tracking_number.is_some() || change.carrier.is_some();
    if is_delivery && !is_sold(row.status()?) {
        return Err(row.stage()?.after(Command::Deliver).err().map_or_else(
            || Error::Bug("a delivery of an order that is not sold".to_owned()),
            Error::from,
        ));
    }
    if !is_delivery && change.notes.is_none() {
        return Ok(row);
    }
    row.tracking_number = change.tracking_number.clone().or(row.tracking_number);
    row.carrier = change.carrier.clone().or(row.carrier);
    if let Some(notes) = &change.notes
        && let Some(mut contact) = Contact::open(&state.sealer, &row)?
    {
        contact.staff_notes = Some(notes.clone());
        row.contact = Some(contact.seal(&state.sealer, OrderId(row.id))?);
    }
    store::orders::set_delivery(conn, &row, trail.now()).await?;
    row.version += 1;
    Ok(row)
}

fn is_sold(status: OrderStatus) -> bool {
    matches!(
        status,
        OrderStatus::Processing | OrderStatus::Shipped | OrderStatus::Delivered
    )
}

async fn advance(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    caller: &CurrentUser,
    row: &OrderRow,
    to: OrderStatus,
    reason: Option<String>,
) -> Result<(), Error> {
    let command = match to {
        OrderStatus::Shipped => Command::Ship,
        OrderStatus::Delivered => Command::Deliver,
        OrderStatus::Cancelled => Command::Cancel,
        // Payments and clocks decide these.
        other if Some(other) == row.status().ok() => return Ok(()),
        _ => {
            return Err(Error::invalid(
                "status",
                "must be shipped, delivered or cancelled",
            ));
        }
    };
    let Change::To(stage) = row.stage()?.after(command)? else {
        return Ok(());
    };
    if command == Command::Ship
        && let Some(hold) = hear_dispute::hold(conn, row).await?
    {
        return Err(hold.into());
    }
    let actor = Actor {
        name: caller.role.name(),
        id: Some(caller.id),
        note: reason,
    };
    if to == OrderStatus::Cancelled {
        return cancel_order::write(conn, trail, row, stage, actor).await;
    }
    send(conn, trail, row, stage, actor).await
}

/// It leaves the house, or arrives.
async fn send(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    row: &OrderRow,
    stage: Stage,
    actor: Actor,
) -> Result<(), Error> {
    let version = transition::to_stage(conn, trail, row, stage, actor).await?;
    let (order_id, user_id) = (row.id, row.user_id);
    if stage.status == OrderStatus::Shipped {
        let event = OrderShipped {
            order_id,
            user_id,
            carrier: row.carrier.clone(),
            tracking_number: row.tracking_number.clone(),
        };
        trail.event(conn, &event, version).await?;
    } else {
        let event = OrderDelivered { order_id, user_id };
        trail.event(conn, &event, version).await?;
    }
    Ok(())
}
