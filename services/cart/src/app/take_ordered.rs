//! Something was ordered: it is in the cart no more.

use diesel_async::AsyncConnection as _;
use events::orders::OrderCreated;
use messaging::{Outcome as Consumed, Received, inbox};

use super::Error;
use super::writer::{self, Missing, Outcome, Write};
use crate::domain::cart::Change;
use crate::domain::ids::{UserId, VariantId};
use crate::domain::owner::Owner;
use crate::startup::AppState;
use crate::store::locking::Held;

/// Takes what was ordered out of the buyers' carts, once for each event. What was put in meanwhile stays.
pub(crate) async fn take_ordered(
    state: &AppState,
    events: &[Received<OrderCreated>],
) -> Result<Vec<Consumed>, Error> {
    let rules = state.settings.rules();
    let mut conn = state.work_db.get().await?;
    let (fresh, outcomes) = conn
        .transaction(async |conn| {
            let fresh = inbox::record_all(conn, &events.iter().collect::<Vec<_>>()).await?;
            let news = events.iter().filter(|event| fresh.contains(&event.id));
            let writes: Vec<Write> = news.map(|event| taking(&event.body)).collect();
            let outcomes = match writes.is_empty() {
                true => Vec::new(),
                false => writer::apply(conn, &writes, rules, Held::Wait).await?,
            };
            Ok::<_, Error>((fresh, outcomes))
        })
        .await?;
    let carts = outcomes.into_iter().filter_map(|outcome| match outcome {
        Outcome::Done(cart) => Some(cart),
        Outcome::Refused(_) | Outcome::NoCart | Outcome::Held => None,
    });
    state.cache.put(carts.collect());
    let consumed = |event: &Received<OrderCreated>| match fresh.contains(&event.id) {
        true => Consumed::Applied,
        false => Consumed::Duplicate,
    };
    Ok(events.iter().map(consumed).collect())
}

fn taking(order: &OrderCreated) -> Write {
    let lines = order.lines.iter();
    let ordered = lines.map(|line| (VariantId(line.variant_id), line.quantity));
    Write {
        owner: Owner::User(UserId(order.user_id)),
        change: Change::TakeOrdered(ordered.collect()),
        missing: Missing::Refuse,
    }
}
