//! Reading the provider's list of settlements.

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncConnection as _;
use messaging::leases::{self, Lease};

use crate::app::Error;
use crate::clients::gateway::GatewaySettlement;
use crate::domain::window::Window;
use crate::startup::AppState;
use crate::store;
use crate::store::settlements::Pull;

/// Pages that are read at most: many years of settlements. A list that does not end is none.
const PAGES_MAX: u32 = 1_000;

/// Reads the list from where it was left, to its end.
///
/// Each page commits with the number of the next one, so whoever takes over goes on in the same window, which is over and does not
/// shift. Each window reaches back behind the one before, and to the oldest settlement that has not ended: a settlement is told
/// again for as long as something may become of it.
pub(super) async fn pull(state: &AppState, lease: &Lease) -> Result<(), Error> {
    let (window, mut page) = begin(state).await?;
    loop {
        if page > PAGES_MAX {
            return Err(Error::Bug(
                "the list of settlements does not end".to_owned(),
            ));
        }
        let listed = state.gateway.list_settlements(window, page).await?;
        let rows: Vec<GatewaySettlement> = listed
            .rows
            .into_iter()
            .filter(|one| is_of_our_world(state, one))
            .collect();
        let now = state.clock.now();
        let mut conn = state.work_db.get().await?;
        let noted: Result<usize, Error> = conn
            .transaction(async |conn| {
                leases::fence(conn, lease).await?;
                let changed = store::settlements::note_all(conn, &rows, now).await?;
                if listed.is_empty {
                    store::settlements::finish_pull(conn, window, now).await?;
                } else {
                    store::settlements::note_pull(conn, window, page + 1).await?;
                }
                Ok(changed)
            })
            .await;
        let changed = noted?;
        tracing::debug!(page, changed, "read settlements");
        if listed.is_empty {
            return Ok(());
        }
        page += 1;
    }
}

/// What is read now, and the page that comes next.
async fn begin(state: &AppState) -> Result<(Window, u32), Error> {
    let mut conn = state.work_db.get().await?;
    let pull = store::settlements::pull(&mut conn).await?;
    if let Some(under_way) = pull.under_way() {
        return Ok(under_way);
    }
    let oldest_open = store::settlements::oldest_open(&mut conn).await?;
    let overlap = state.settings.settlements.overlap;
    let window = next_window(&pull, oldest_open, overlap, state.clock.now());
    Ok((window, 1))
}

fn next_window(
    pull: &Pull,
    oldest_open: Option<DateTime<Utc>>,
    overlap: TimeDelta,
    now: DateTime<Utc>,
) -> Window {
    let listed_to = pull.listed_to.unwrap_or(now);
    // The provider's clock, and what it calls the time of a settlement, are not ours.
    let open = oldest_open.map(|made| made - TimeDelta::days(1));
    let from = listed_to - overlap;
    Window {
        from: open.map_or(from, |open| open.min(from)),
        to: now,
    }
}

/// One of the other world, test or live, is play money here or ours there.
fn is_of_our_world(state: &AppState, settlement: &GatewaySettlement) -> bool {
    let ours = state.settings.paystack.mode.domain();
    let is_ours = settlement
        .domain
        .as_deref()
        .is_none_or(|domain| domain == ours);
    if !is_ours {
        tracing::error!(
            settlement = settlement.id,
            "a settlement of the other world is left out"
        );
    }
    is_ours
}
