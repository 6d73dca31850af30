//! Saying of carts that they were left: once for each time that their owner filled or changed one and did not come back.

use std::sync::Arc;
use std::time::Duration;

use common::database::Database;
use common::ids;
use diesel_async::AsyncConnection as _;
use events::cart::CartAbandoned;
use messaging::leases::{self, Lease, LeaseKeeper};
use messaging::{EventMeta, outbox};
use money::Amount;
use tokio_util::sync::CancellationToken;

use super::Error;
use crate::startup::AppState;
use crate::store;
use crate::store::due_carts::LeftCart;
use messaging::Trail;

/// How often somebody looks.
const EVERY: Duration = Duration::from_secs(60);

/// Looks until the process stops, in one process at a time.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    let db: Database = state.work_db.clone();
    let keeper = LeaseKeeper::new(db, "abandonment", ids::new_id());
    let work = |lease: Lease| {
        let state = Arc::clone(&state);
        async move {
            loop {
                match say_all(&state, &lease).await {
                    // Another leads; the keeper finds out.
                    Err(Error::Fence(leases::FenceError::LeaseLost(_))) => return,
                    Err(error) => {
                        tracing::warn!(cause = %error, "abandoned carts were not looked for; trying again later");
                    }
                    Ok(()) => {}
                }
                tokio::time::sleep(EVERY).await;
            }
        }
    };
    while !shutdown.is_cancelled() {
        keeper.hold(shutdown.clone(), work).await;
    }
}

async fn say_all(state: &AppState, lease: &Lease) -> Result<(), Error> {
    loop {
        let said = say_some(state, lease).await?;
        state.counters.abandoned(said);
        if said == 0 {
            return Ok(());
        }
    }
}

/// Says it of some carts, in one transaction with the mark that it was said.
async fn say_some(state: &AppState, lease: &Lease) -> Result<usize, Error> {
    let trail = state.trail();
    let after_secs = state.settings.abandoned_after_secs;
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        leases::fence(conn, lease).await?;
        let left = store::due_carts::mark_abandoned(conn, after_secs).await?;
        let events = left
            .iter()
            .map(|cart| event(cart, &trail))
            .collect::<Result<Vec<_>, Error>>()?;
        outbox::append_all(conn, &events).await?;
        Ok(events.len())
    })
    .await
}

fn event(cart: &LeftCart, trail: &Trail) -> Result<(CartAbandoned, EventMeta), Error> {
    let subtotal = Amount::try_from_minor(cart.subtotal.minor());
    let event = CartAbandoned {
        cart_id: cart.id,
        user_id: cart.user_id,
        item_count: cart.item_count.into(),
        subtotal: subtotal.map_err(|error| Error::Bug(error.to_string()))?,
        currency: cart.subtotal.currency(),
        updated_at: cart.updated_at,
    };
    Ok((event, trail.meta(cart.version)))
}
