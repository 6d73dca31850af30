//! Finding what got stuck: settlements that were interrupted, orders that should have ended, requests that nobody came back
//! for. Any number of replicas may sweep at the same time; each order is decided under its row's lock.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use common::client::CallError;
use messaging::idempotency;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Error, expire_order, place_order, settle};
use crate::domain::ids::{OrderId, PaymentId};
use crate::startup::AppState;
use crate::store;

/// A settlement takes a few milliseconds; one of this age was interrupted.
const SETTLING_AGE: TimeDelta = TimeDelta::seconds(10);
/// How long after a hold's end inventory is asked, if it has not said so by itself.
const OVERDUE_AGE: TimeDelta = TimeDelta::seconds(30);
/// Orders of each kind that are looked at in one round.
const BATCH: i64 = 100;
/// Claims on keys are looked at less often than orders.
const CLAIMS_EVERY: Duration = Duration::from_secs(15);
/// What ends in an order's id.
const PLACING: &str = "POST /api/v1/orders";

/// Sweeps until the process stops; a round that has begun is finished.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    let claims = async {
        while !shutdown.is_cancelled() {
            tell(free_claims(&state).await);
            pause(&shutdown, CLAIMS_EVERY).await;
        }
    };
    let orders = async {
        while !shutdown.is_cancelled() {
            tell(finish_settlements(&state).await);
            tell(end_overdue(&state).await);
            pause(&shutdown, state.settings.sweep).await;
        }
    };
    futures_util::join!(claims, orders);
}

async fn pause(shutdown: &CancellationToken, time: Duration) {
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = tokio::time::sleep(time) => {}
    }
}

fn tell(swept: Result<(), Error>) {
    if let Err(error) = swept {
        tracing::warn!(cause = %error, "a sweep did not finish; trying again");
    }
}

/// A sibling that is away ends the round; anything else must not hold up the other orders.
fn go_on(order: Uuid, done: Result<(), Error>) -> Result<(), Error> {
    match done {
        Err(error @ Error::Sibling(CallError::Unavailable { .. })) => Err(error),
        Err(error) => {
            tracing::error!(cause = %error, order.id = %order, "order {order} could not be swept; trying again");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

async fn finish_settlements(state: &AppState) -> Result<(), Error> {
    let before = state.clock.now() - SETTLING_AGE;
    let stuck = {
        let mut conn = state.work_db.get().await?;
        store::orders::settling_before(&mut conn, before, BATCH).await?
    };
    for (order, payment) in stuck {
        tracing::info!(order.id = %order, payment.id = %payment, "a settlement was interrupted");
        let done = settle::finish(state, OrderId(order), PaymentId(payment)).await;
        go_on(order, done)?;
    }
    Ok(())
}

async fn end_overdue(state: &AppState) -> Result<(), Error> {
    let before = state.clock.now() - OVERDUE_AGE;
    let overdue = {
        let mut conn = state.work_db.get().await?;
        store::orders::overdue(&mut conn, before, BATCH).await?
    };
    for order in overdue {
        go_on(order, expire_order::catch_up(state, OrderId(order)).await)?;
    }
    Ok(())
}

/// Frees keys whose requests died, and gives back what was held under their ids.
async fn free_claims(state: &AppState) -> Result<(), Error> {
    let freed = {
        let mut conn = state.work_db.get().await?;
        idempotency::sweep(&mut conn, idempotency::SWEEP_AFTER).await?
    };
    for claim in freed.into_iter().filter(|claim| claim.operation == PLACING) {
        place_order::let_go(state, claim.resource_id).await;
    }
    Ok(())
}
