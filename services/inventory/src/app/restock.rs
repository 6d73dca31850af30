//! Goods that come back after a refund.

use diesel_async::AsyncConnection as _;
use events::orders::RestockRequested;
use messaging::inbox::{self, Seen};
use messaging::{ConsumeError, Outcome, Received};

use super::{Error, news, queries};
use crate::domain::ids::{OrderId, VariantId};
use crate::domain::reservation::State;
use crate::startup::AppState;
use crate::store;
use crate::store::locks::LockKey;
use crate::store::stock::Change;

/// Puts back what a refund names, once for each refund, and never more than was sold less what came back before.
pub(crate) async fn restock(
    state: &AppState,
    event: &Received<RestockRequested>,
) -> Result<Outcome, ConsumeError> {
    let asked = &event.body;
    if asked.lines.iter().any(|line| line.quantity <= 0) {
        return Err(ConsumeError::Hopeless(
            "a quantity is not positive".to_owned(),
        ));
    }
    let trail = state.trail();
    let order = OrderId(asked.order_id);
    let mut conn = state.work_db.get().await?;
    let done: Result<Outcome, Error> = conn
        .transaction(async |conn| {
            if inbox::record(conn, event).await? == Seen::Before {
                return Ok(Outcome::Duplicate);
            }
            store::locks::all(conn, &[LockKey::order(order)]).await?;
            let known = queries::lock_reservations(conn, &[order]).await?;
            let known = known.get(&order);
            if known.is_none_or(|known| known.state != State::Committed) {
                return Err(Error::InvalidState("the order was not sold"));
            }
            if store::ledger::has_refund(conn, asked.refund_id).await? {
                return Ok(Outcome::Stale);
            }
            let kept = store::returns::kept_lines(conn, order).await?;
            let back = coming_back(asked, &kept);
            if back.is_empty() {
                return Ok(Outcome::Stale);
            }
            let variants: Vec<VariantId> = back.iter().map(|(variant, _)| *variant).collect();
            store::stock::wait_for(conn, &variants).await?;
            store::returns::take_back(conn, order, &back).await?;
            store::ledger::returned(conn, order, asked.refund_id, &back).await?;
            let changes: Vec<Change> = back
                .iter()
                .map(|(variant, quantity)| Change {
                    variant: *variant,
                    on_hand: *quantity,
                    reserved: 0,
                })
                .collect();
            news::change_stock(conn, &trail, &changes).await?;
            Ok(Outcome::Applied)
        })
        .await;
    Ok(done?)
}

/// What comes back of each variant, sorted: what is asked for, as far as the buyer still has it.
fn coming_back(
    asked: &RestockRequested,
    kept: &std::collections::HashMap<VariantId, i64>,
) -> Vec<(VariantId, i64)> {
    let mut wanted = std::collections::BTreeMap::new();
    for line in &asked.lines {
        let quantity: &mut i64 = wanted.entry(VariantId(line.variant_id)).or_default();
        *quantity = quantity.saturating_add(line.quantity);
    }
    let back = wanted.into_iter().map(|(variant, quantity)| {
        let left = kept.get(&variant).copied().unwrap_or(0);
        if quantity > left {
            tracing::warn!(order.id = %asked.order_id, variant.id = %variant, quantity, left,
                "more should come back than the buyer has; only that is taken");
        }
        (variant, quantity.min(left))
    });
    back.filter(|(_, quantity)| *quantity > 0).collect()
}
