//! Ending holds whose time is over, by the database's clock.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use common::{failpoint, ids};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::inventory::ReservationExpired;
use messaging::leases::{self, Lease, LeaseKeeper};
use tokio_util::sync::CancellationToken;

use super::{Error, news};
use crate::domain::ids::{OrderId, VariantId};
use crate::startup::AppState;
use crate::store;
use crate::store::locks::LockKey;
use crate::store::stock::Change;

/// A leader that died is followed after this time.
const LEASE: std::time::Duration = std::time::Duration::from_secs(5);
/// Holds that end in one transaction. Each has at most a hundred lines, each line is a lock, and the server's room for locks
/// is bounded.
const BATCH: usize = 50;

/// Ends holds until the process stops, in one process at a time.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    let keeper = LeaseKeeper::new(state.work_db.clone(), "expire_reservations", ids::new_id());
    let work = |lease: Lease| {
        let state = Arc::clone(&state);
        async move {
            loop {
                let expired = expire_batch(&state, &lease).await;
                state.counters.expired(*expired.as_ref().unwrap_or(&0));
                match expired {
                    Ok(0) => {}
                    // There may be more.
                    Ok(_) => continue,
                    Err(error) => {
                        tracing::warn!(cause = %error, "holds could not be ended; trying again");
                    }
                }
                tokio::time::sleep(state.settings.sweep).await;
            }
        }
    };
    keeper.with_ttl(LEASE).hold(shutdown, work).await;
}

/// Ends one batch of holds and says so; answers how many.
async fn expire_batch(state: &AppState, lease: &Lease) -> Result<usize, Error> {
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        leases::fence(conn, lease).await?;
        let orders = lock_due(conn).await?;
        if orders.is_empty() {
            return Ok(0);
        }
        // Rows of reservations come before variants, for everybody.
        let lines = store::reservations::lines_of(conn, &orders).await?;
        let expired = store::expiry::expire(conn, &orders).await?;
        let mut freed: BTreeMap<VariantId, i64> = BTreeMap::new();
        for lines in expired
            .iter()
            .filter_map(|row| lines.get(&OrderId(row.order_id)))
        {
            for (variant, quantity) in lines.iter() {
                *freed.entry(variant).or_default() += quantity;
            }
        }
        store::stock::wait_for(conn, &freed.keys().copied().collect::<Vec<_>>()).await?;
        let changes: Vec<Change> = freed
            .into_iter()
            .map(|(variant, quantity)| Change {
                variant,
                on_hand: 0,
                reserved: -quantity,
            })
            .collect();
        news::change_stock(conn, &trail, &changes).await?;
        let count = expired.len();
        let said = expired.into_iter().map(|row| {
            let event = ReservationExpired {
                order_id: row.order_id,
                expires_at: row.expires_at,
            };
            // A hold that was taken again can end again: the later end is the higher version.
            (event, row.expires_at.timestamp_micros())
        });
        trail.events(conn, said).await?;
        failpoint::reach("inventory.expiring");
        Ok(count)
    })
    .await
}

/// Orders whose hold is over, locked; those that somebody works on are left for the next time.
async fn lock_due(conn: &mut AsyncPgConnection) -> Result<Vec<OrderId>, Error> {
    let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
    let mut orders = store::expiry::due(conn, limit).await?;
    let keys: BTreeSet<LockKey> = orders.iter().copied().map(LockKey::order).collect();
    let keys: Vec<LockKey> = keys.into_iter().collect();
    let obtained: HashSet<LockKey> = store::locks::try_all(conn, &keys)
        .await?
        .into_iter()
        .collect();
    orders.retain(|order| obtained.contains(&LockKey::order(*order)));
    Ok(orders)
}
