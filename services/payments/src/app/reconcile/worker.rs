//! Carrying runs on: by one process at a time, which holds a lease for as long as there is something to do.

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use common::ids;
use messaging::leases::{Lease, LeaseKeeper};
use tokio_util::sync::CancellationToken;

use super::{begin, close, compare, compare_refunds, fetch, repair, step};
use crate::app::Error;
use crate::startup::AppState;
use crate::store::reconciliation::ours::Scope;
use crate::store::reconciliation::runs::{self, Phase, Run};

/// What is led.
const LEASE: &str = "reconciliation";
/// How often it is looked whether something is to be done.
const LOOK: Duration = Duration::from_secs(1);
/// The longest pause after a step that failed. The first one is short, and each is twice the one before.
const PAUSE_MAX: Duration = Duration::from_secs(60);
const PAUSE_MIN: Duration = Duration::from_millis(250);

/// Begins what is due each night, and carries on what was begun, until told to stop.
pub(crate) async fn run(state: Arc<AppState>, shutdown: CancellationToken) {
    let keeper = keeper(&state);
    while !shutdown.is_cancelled() {
        match is_waiting(&state).await {
            Ok(true) => {
                let work = |lease: Lease| carry_on_all(Arc::clone(&state), lease, None);
                keeper.hold(shutdown.clone(), work).await;
                continue;
            }
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(cause = %error, "reconciliations that are due cannot be read; trying again");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = state.run_begun.notified() => {}
            () = shutdown.cancelled() => {}
        }
    }
}

/// Compares one date to its end in this process, unless that is done or another process does it.
///
/// # Errors
/// The date cannot be compared, or the database is away.
pub(crate) async fn run_date(state: Arc<AppState>, date: NaiveDate) -> Result<(), Error> {
    if begin::begin_or_resume(&state, date).await?.is_none() {
        return Ok(());
    }
    let work = |lease: Lease| carry_on_all(Arc::clone(&state), lease, Some(date));
    keeper(&state).hold(CancellationToken::new(), work).await;
    Ok(())
}

fn keeper(state: &AppState) -> LeaseKeeper {
    LeaseKeeper::new(state.work_db.clone(), LEASE, ids::new_id())
        .with_ttl(state.settings.reconciliation.lease)
}

async fn is_waiting(state: &AppState) -> Result<bool, Error> {
    let waiting = {
        let mut conn = state.work_db.get().await?;
        runs::waiting(&mut conn, None).await?
    };
    if waiting.is_some() {
        return Ok(true);
    }
    if !state.settings.reconciliation.is_nightly {
        return Ok(false);
    }
    begin::begin_due(state).await
}

/// Carries on all runs, or those of one date, until none is left. Where a step fails it is tried again: a run that skipped one
/// would say that all is well.
async fn carry_on_all(state: Arc<AppState>, lease: Lease, date: Option<NaiveDate>) {
    let mut pause = PAUSE_MIN;
    loop {
        match carry_on(&state, &lease, date).await {
            Ok(true) => pause = PAUSE_MIN,
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(cause = %error, "a reconciliation cannot go on; trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

/// Does one step of the run that waits longest; answers whether there was one.
async fn carry_on(state: &AppState, lease: &Lease, date: Option<NaiveDate>) -> Result<bool, Error> {
    let waiting = {
        let mut conn = state.work_db.get().await?;
        runs::waiting(&mut conn, date).await?
    };
    let Some(run) = waiting else {
        return Ok(false);
    };
    take_step(state, lease, &run).await?;
    Ok(true)
}

async fn take_step(state: &AppState, lease: &Lease, run: &Run) -> Result<(), Error> {
    let found = match run.phase {
        Phase::Transactions => fetch::transactions(state, run).await?,
        Phase::Refunds => fetch::refunds(state, run).await?,
        Phase::Pairs => compare::listed(state, run).await?,
        Phase::UnlistedCreated => compare::unlisted(state, run, Scope::Created).await?,
        Phase::UnlistedPaid => compare::unlisted(state, run, Scope::Paid).await?,
        Phase::UnlistedOpen => compare::unlisted(state, run, Scope::Open).await?,
        Phase::RefundsListed => compare_refunds::listed(state, run).await?,
        Phase::RefundsUnlisted => compare_refunds::unlisted(state, run).await?,
        Phase::Repair => return repair::next(state, lease, run).await,
        Phase::Close => return close::add_up(state, lease, run).await,
        Phase::Clear => return close::clear(state, lease, run).await,
        Phase::Done => return Ok(()),
    };
    step::write(state, lease, run, &found).await
}
