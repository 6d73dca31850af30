//! Disputes without being told: the provider is asked for those that no webhook told of and for the end of those that are open,
//! and people are reminded of those that are to be answered soon.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use common::context::{Context, TraceParent};
use common::ids;
use diesel_async::AsyncConnection as _;
use messaging::leases::{Lease, LeaseKeeper};
use tokio_util::sync::CancellationToken;

use super::{learn, tell};
use crate::app::Error;
use crate::clients::disputes::GatewayDispute;
use crate::domain::dispute::Stand;
use crate::domain::ids::DisputeId;
use crate::startup::AppState;
use crate::store;
use crate::store::disputes::Dispute;

/// How often it is looked whether people are to be reminded.
const LOOK: Duration = Duration::from_secs(1);
/// Disputes that people are reminded of in one turn.
const BATCH: i64 = 50;
/// Open disputes that are asked about in one turn: many times what a shop has.
const OPEN_MOST: i64 = 1_000;
/// How far back the provider's list is read. What is older ended long ago, or is known and open.
const LOOK_BACK: TimeDelta = TimeDelta::days(30);

/// Watches until told to stop. One process at a time asks; any number of them remind.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    let keeper = LeaseKeeper::new(state.work_db.clone(), "disputes", ids::new_id());
    let asking = async {
        let work = |_: Lease| poll(Arc::clone(&state));
        while !shutdown.is_cancelled() {
            keeper.hold(shutdown.clone(), work).await;
        }
    };
    tokio::join!(asking, remind(&state, &shutdown));
}

/// What it finds is written by the use case that webhooks have too, so a second process that asks as well does no harm.
async fn poll(state: Arc<AppState>) {
    loop {
        if let Err(error) = ask(&state).await {
            tracing::warn!(cause = %error, "the provider could not be asked for disputes; trying again later");
        }
        tokio::time::sleep(state.settings.disputes.poll_every).await;
    }
}

/// Asks for the list, and then about each dispute that is news or not over.
async fn ask(state: &AppState) -> Result<(), Error> {
    let from = state.clock.now() - LOOK_BACK;
    let listed = state.gateway.list_disputes(from).await?;
    let mut due: BTreeSet<String> = {
        let mut conn = state.work_db.get().await?;
        let open = store::disputes::open_gateway_ids(&mut conn, OPEN_MOST).await?;
        open.into_iter().collect()
    };
    due.extend(news_among(state, &listed).await?);
    for gateway_id in due {
        let context = Context::new(&ids::new_id().to_string(), TraceParent::random(false));
        // One that cannot be written now must not hold up the others.
        if let Err(error) = context.scope(learn::learn(state, &gateway_id)).await {
            tracing::warn!(gateway.id = gateway_id, cause = %error, "a dispute could not be looked at");
        }
    }
    Ok(())
}

/// Those of a list that we do not know, or not as they are there.
async fn news_among(state: &AppState, listed: &[GatewayDispute]) -> Result<Vec<String>, Error> {
    let numbers: Vec<&str> = listed.iter().map(|one| one.id.as_str()).collect();
    let known = {
        let mut conn = state.work_db.get().await?;
        store::disputes::known_among(&mut conn, &numbers).await?
    };
    let known: HashMap<&str, &Dispute> = known
        .iter()
        .map(|dispute| (dispute.gateway_id.as_str(), dispute))
        .collect();
    let is_news = |one: &&GatewayDispute| {
        let stand = Stand::of_gateway(one.status, one.resolution.as_deref(), one.is_reversed);
        let known = known.get(one.id.as_str());
        known.is_none_or(|known| known.stand.after(stand).is_some())
    };
    let news = listed.iter().filter(is_news);
    Ok(news.map(|one| one.id.clone()).collect())
}

async fn remind(state: &AppState, shutdown: &CancellationToken) {
    while !shutdown.is_cancelled() {
        if let Err(error) = remind_due(state).await {
            tracing::warn!(cause = %error, "disputes that are due cannot be read; trying again");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = shutdown.cancelled() => {}
        }
    }
}

async fn remind_due(state: &AppState) -> Result<(), Error> {
    let due = {
        let mut conn = state.work_db.get().await?;
        store::disputes::due_reminders(&mut conn, state.clock.now(), BATCH).await?
    };
    for dispute in due {
        // One that cannot be told of now must not hold up the others.
        if let Err(error) = remind_of(state, dispute).await {
            tracing::warn!(dispute.id = %dispute, cause = %error, "nobody could be reminded of dispute {dispute}; trying again");
        }
    }
    Ok(())
}

/// Reminds of a dispute, once.
async fn remind_of(state: &AppState, id: DisputeId) -> Result<(), Error> {
    let trail = state.trail();
    let now = trail.now();
    let mut conn = state.work_db.get().await?;
    let reminded: Result<bool, Error> = conn
        .transaction(async |conn| {
            let found = store::disputes::find(conn, id).await?;
            let payment = match found.and_then(|dispute| dispute.of) {
                Some((payment, _)) => store::payments::lock(conn, payment).await?,
                None => None,
            };
            let locked = store::disputes::lock(conn, id).await?;
            let is_due = |dispute: &Dispute| dispute.remind_at.is_some_and(|at| at <= now);
            let Some(mut dispute) = locked.filter(is_due) else {
                return Ok(false);
            };
            dispute.remind_at = None;
            dispute.reminded_at = Some(now);
            dispute.version += 1;
            dispute.updated_at = now;
            store::disputes::save(conn, &dispute).await?;
            tell::note(conn, &dispute, "reminded", "system", now).await?;
            tell::call_deadline(conn, &trail, &dispute).await?;
            if let Some(payment) = &payment {
                tell::reminded(conn, &trail, &dispute, payment).await?;
            }
            Ok(true)
        })
        .await;
    if reminded? {
        state.counters.dispute("reminded");
    }
    Ok(())
}
