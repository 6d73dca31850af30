//! Ending an order that nobody paid in time. Inventory's clock alone says when.

use chrono::{DateTime, Utc};
use common::failpoint;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::inventory::ReservationExpired;
use events::orders::OrderExpired;
use messaging::inbox::{self, Seen};
use messaging::{Outcome, Received, Trail};

use super::Error;
use super::transition::{self, Actor};
use crate::domain::ids::OrderId;
use crate::domain::status::{Change, Command};
use crate::startup::AppState;
use crate::store;

/// Ends an order whose hold is over.
pub(crate) async fn hear_expired(
    state: &AppState,
    event: &Received<ReservationExpired>,
) -> Result<Outcome, Error> {
    let trail = state.trail();
    let order = OrderId(event.body.order_id);
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        if inbox::record(conn, event).await? == Seen::Before {
            return Ok(Outcome::Duplicate);
        }
        expire(conn, &trail, order, event.body.expires_at).await
    })
    .await
}

/// Asks inventory about an order that should have ended, and ends it if its hold has.
pub(super) async fn catch_up(state: &AppState, order: OrderId) -> Result<(), Error> {
    use common::client::CallError;
    let ended_at = match state.inventory.find(order).await {
        Ok(held) if matches!(held.state.as_str(), "expired" | "released") => held.expires_at,
        // Held or sold, whatever our clock says.
        Ok(_) => return Ok(()),
        // Never held, or so long ago that nobody remembers.
        Err(CallError::Refused { status, .. }) if status.as_u16() == 404 => None,
        Err(error) => return Err(error.into()),
    };
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        let ended_at = ended_at.unwrap_or_else(|| trail.now());
        expire(conn, &trail, order, ended_at).await
    })
    .await?;
    Ok(())
}

/// Nothing happens to an order that does not exist, is being settled, or is held until later by what it knows itself.
async fn expire(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    order: OrderId,
    ended_at: DateTime<Utc>,
) -> Result<Outcome, Error> {
    let Some(row) = store::orders::lock(conn, order).await? else {
        return Ok(Outcome::Stale);
    };
    if row.expires_at > ended_at {
        return Ok(Outcome::Stale);
    }
    let Ok(Change::To(stage)) = row.stage()?.after(Command::Expire) else {
        return Ok(Outcome::Stale);
    };
    let actor = Actor::system("not paid in time");
    let version = transition::to_stage(conn, trail, &row, stage, actor).await?;
    let event = OrderExpired {
        order_id: row.id,
        user_id: row.user_id,
    };
    trail.event(conn, &event, version).await?;
    failpoint::reach("orders.expiring");
    Ok(Outcome::Applied)
}
