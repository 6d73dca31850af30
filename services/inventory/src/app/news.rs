//! Telling others what can be bought: at once, unless they were told less than 500 ms ago; then a timer does.
//!
//! What was not told yet is a state of the row and not of a process, so that a crash forgets nothing.

use std::sync::Arc;
use std::time::Duration;

use diesel::QueryResult;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::inventory::{StockChanged, StockLow};
use messaging::Trail;
use tokio_util::sync::CancellationToken;

use super::Error;
use crate::startup::AppState;
use crate::store;
use crate::store::stock::{Change, Changed};

/// How often the timer looks.
const EVERY: Duration = Duration::from_millis(100);
/// What it tells in one transaction.
const BATCH: i64 = 500;

/// Changes stock and tells of it. The last thing that a transaction does: others wait for these rows.
pub(crate) async fn change_stock(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    changes: &[Change],
) -> QueryResult<Vec<Changed>> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let changed = store::stock::apply(conn, changes).await?;
    let due = changed.iter().filter(|item| item.is_due);
    let told = due.map(|item| (stock_changed(item), item.version));
    trail.events(conn, told).await?;
    let low = changed.iter().filter(|item| has_become_low(item));
    let warned = low.map(|item| (stock_low(item), item.version));
    trail.events(conn, warned).await?;
    Ok(changed)
}

fn has_become_low(item: &Changed) -> bool {
    let threshold = item.low_stock_threshold;
    item.available_before > threshold && item.on_hand - item.reserved <= threshold
}

fn stock_changed(item: &Changed) -> StockChanged {
    StockChanged {
        variant_id: item.variant_id,
        available: if item.is_active {
            item.on_hand - item.reserved
        } else {
            0
        },
    }
}

fn stock_low(item: &Changed) -> StockLow {
    StockLow {
        variant_id: item.variant_id,
        sku: item.sku.clone(),
        available: item.on_hand - item.reserved,
        threshold: item.low_stock_threshold,
    }
}

/// Tells what is still to be told, until the process stops.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    let mut known_problem = false;
    loop {
        let told = tell_rest(&state).await;
        match &told {
            Err(error) if !known_problem => {
                tracing::warn!(cause = %error, "changes of stock cannot be told; trying again");
            }
            Ok(_) | Err(_) => {}
        }
        known_problem = told.is_err();
        if matches!(told, Ok(true)) {
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Tells one batch; `true` if there may be more.
async fn tell_rest(state: &AppState) -> Result<bool, Error> {
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        let news = store::news::take(conn, BATCH).await?;
        let is_full = i64::try_from(news.len()).is_ok_and(|count| count == BATCH);
        let told = news.into_iter().map(|item| {
            let event = StockChanged {
                variant_id: item.variant_id,
                available: item.available,
            };
            (event, item.version)
        });
        trail.events(conn, told).await?;
        Ok(is_full)
    })
    .await
}
