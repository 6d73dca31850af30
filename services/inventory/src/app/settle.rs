//! What becomes of a reservation outside of batches: held longer, and given back because its order was cancelled.

use chrono::{DateTime, TimeDelta, Utc};
use common::failpoint;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::orders::OrderCancelled;
use messaging::inbox::{self, Seen};
use messaging::{Outcome, Received};

use super::{Error, decide, queries};
use crate::domain::ids::OrderId;
use crate::domain::reservation::{self, Extend, Release, Reserved};
use crate::startup::AppState;
use crate::store;
use crate::store::locks::LockKey;

/// Holds an order's units until so long after the hold began, once.
pub(crate) async fn extend(state: &AppState, order: OrderId) -> Result<Reserved, Error> {
    let lasting = state.settings.extended;
    state
        .db
        .transaction(move |conn| Box::pin(hold_longer(conn, order, lasting)))
        .await
}

async fn hold_longer(
    conn: &mut AsyncPgConnection,
    order: OrderId,
    lasting: TimeDelta,
) -> Result<Reserved, Error> {
    store::locks::all(conn, &[LockKey::order(order)]).await?;
    let mut known = queries::lock_reservations(conn, &[order]).await?;
    let mut known = known.remove(&order).ok_or(Error::NotFound("reservation"))?;
    match reservation::extend(known.state, known.is_extended) {
        Extend::Refused => return Err(Error::InvalidState("the order holds nothing")),
        Extend::Already => {}
        Extend::Once => {
            known.expires_at = Some(lengthen(conn, order, lasting).await?);
            known.is_extended = true;
        }
    }
    Ok(known)
}

async fn lengthen(
    conn: &mut AsyncPgConnection,
    order: OrderId,
    lasting: TimeDelta,
) -> Result<DateTime<Utc>, Error> {
    let until = store::reservations::extend(conn, order, lasting).await?;
    until.ok_or(Error::InvalidState("the hold is over"))
}

/// Gives back what a cancelled order holds.
pub(crate) async fn release_cancelled(
    state: &AppState,
    event: &Received<OrderCancelled>,
) -> Result<Outcome, Error> {
    let trail = state.trail();
    let limits = &state.settings.limits;
    let order = OrderId(event.body.order_id);
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        if inbox::record(conn, event).await? == Seen::Before {
            return Ok(Outcome::Duplicate);
        }
        let released = decide::give_back_within(conn, &trail, limits, order).await?;
        failpoint::reach("inventory.giving_back");
        match released {
            Release::Held | Release::Bar => Ok(Outcome::Applied),
            Release::Already => Ok(Outcome::Stale),
            Release::Refused => {
                tracing::warn!(order.id = %order, "an order was cancelled that is sold; it stays sold");
                Ok(Outcome::Stale)
            }
        }
    })
    .await
}
