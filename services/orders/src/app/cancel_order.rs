//! Giving up an order that is not paid.

use common::failpoint;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::orders::OrderCancelled;
use messaging::Trail;

use super::Error;
use super::queries::{self, OrderView};
use super::transition::{self, Actor};
use crate::domain::ids::{OrderId, UserId};
use crate::domain::status::{Change, Command, Stage};
use crate::startup::AppState;
use crate::store;
use crate::store::rows::OrderRow;

/// Gives up the buyer's own order. A payment that arrives at the same time and a cancellation are decided by the order's row:
/// whoever locks it first.
pub(crate) async fn cancel_order(
    state: &AppState,
    buyer: UserId,
    order: OrderId,
    reason: Option<String>,
) -> Result<OrderView, Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let row = store::orders::lock(conn, order).await?;
        let row = row.filter(|row| row.user_id == buyer.0);
        let row = row.ok_or(Error::NotFound("order"))?;
        if let Change::To(stage) = row.stage()?.after(Command::Cancel)? {
            let actor = Actor::customer(reason);
            write(conn, &trail, &row, stage, actor).await?;
        }
        Ok::<_, Error>(())
    })
    .await?;
    failpoint::reach("orders.cancelled");
    queries::view(&mut conn, state, order).await
}

/// Writes that a locked order is given up, and says so: inventory gives its goods back.
pub(super) async fn write(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    order: &OrderRow,
    stage: Stage,
    actor: Actor,
) -> Result<(), Error> {
    let version = transition::to_stage(conn, trail, order, stage, actor).await?;
    let event = OrderCancelled {
        order_id: order.id,
        user_id: order.user_id,
    };
    trail.event(conn, &event, version).await?;
    Ok(())
}
