//! Something was ordered: it is in the cart no more.

use diesel_async::AsyncConnection as _;
use events::orders::OrderCreated;
use messaging::inbox::{self, Seen};
use messaging::{Outcome as Consumed, Received};

use super::Error;
use super::writer::{self, Missing, Outcome, Write};
use crate::domain::cart::Change;
use crate::domain::ids::{UserId, VariantId};
use crate::domain::owner::Owner;
use crate::startup::AppState;
use crate::store::locking::Held;

/// Takes what was ordered out of the buyer's cart, once for each event. What was put in meanwhile stays.
pub(crate) async fn take_ordered(
    state: &AppState,
    event: &Received<OrderCreated>,
) -> Result<Consumed, Error> {
    let order = &event.body;
    let lines = order.lines.iter();
    let ordered = lines.map(|line| (VariantId(line.variant_id), line.quantity));
    let write = Write {
        owner: Owner::User(UserId(order.user_id)),
        change: Change::TakeOrdered(ordered.collect()),
        missing: Missing::Refuse,
    };
    let rules = state.settings.rules();
    let mut conn = state.work_db.get().await?;
    let outcomes = conn
        .transaction(async |conn| {
            if inbox::record(conn, event).await? == Seen::Before {
                return Ok::<_, Error>(None);
            }
            let outcomes =
                writer::apply(conn, std::slice::from_ref(&write), rules, Held::Wait).await?;
            Ok(Some(outcomes))
        })
        .await?;
    let Some(outcomes) = outcomes else {
        return Ok(Consumed::Duplicate);
    };
    if let Some(Outcome::Done(cart)) = outcomes.into_iter().next() {
        state.cache.put(vec![cart]);
    }
    Ok(Consumed::Applied)
}
