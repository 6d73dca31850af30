//! Beginning runs: each night by itself, on a date's command, or because staff asks for it.

use chrono::NaiveDate;
use common::auth::CurrentUser;
use common::ids;
use diesel_async::AsyncConnection as _;
use messaging::idempotency::Making;
use serde_json::json;

use super::RUN;
use super::report::{self, Report};
use crate::app::Error;
use crate::domain::ids::{RunId, UserId};
use crate::startup::AppState;
use crate::store;
use crate::store::reconciliation::runs::{Kind, NewRun, Run};

/// Begins what is due and was not begun, also what was missed; answers whether there was something.
pub(super) async fn begin_due(state: &AppState) -> Result<bool, Error> {
    let (now, calendar) = (state.clock.now(), &state.settings.reconciliation.calendar);
    let mut conn = state.work_db.get().await?;
    let (last, first_payment) = store::reconciliation::runs::nights(&mut conn).await?;
    let mut has_begun = false;
    for date in calendar.all_due(now, last, first_payment) {
        // Every process tries; the table lets one of them begin it.
        let new = new_run(state, ids::new_id(), date, Kind::Nightly);
        let begun = store::reconciliation::runs::begin(&mut conn, &new).await?;
        has_begun |= begun.is_some();
    }
    Ok(has_begun)
}

/// The run of a date that goes on, or the nightly one that begins now; none if that one was.
pub(crate) async fn begin_or_resume(
    state: &AppState,
    date: NaiveDate,
) -> Result<Option<Run>, Error> {
    check_date(state, date)?;
    let mut conn = state.work_db.get().await?;
    if let Some(run) = store::reconciliation::runs::waiting(&mut conn, Some(date)).await? {
        return Ok(Some(run));
    }
    let new = new_run(state, ids::new_id(), date, Kind::Nightly);
    if let Some(run) = store::reconciliation::runs::begin(&mut conn, &new).await? {
        return Ok(Some(run));
    }
    Ok(store::reconciliation::runs::waiting(&mut conn, Some(date)).await?)
}

/// Begins a run that staff asks for, and stores the answer with it.
pub(crate) async fn begin_manual(
    state: &AppState,
    caller: &CurrentUser,
    date: NaiveDate,
    making: &Making<Report>,
) -> Result<Report, Error> {
    check_date(state, date)?;
    let trail = state.trail();
    let new = new_run(state, making.id, date, Kind::Manual(UserId(caller.id)));
    let mut conn = state.db.get().await?;
    let begun: Result<Report, Error> = conn
        .transaction(async |conn| {
            let run = store::reconciliation::runs::begin(conn, &new).await?;
            let run = run.ok_or(Error::InvalidState("a run of this date goes on"))?;
            let facts = json!({ "businessDate": date });
            let entity = (RUN, run.id.to_string());
            trail
                .audit(conn, caller, "reconciliation.requested", entity, facts)
                .await?;
            let begun = report::of(conn, run).await?;
            making.settle(conn, &begun).await?;
            Ok(begun)
        })
        .await;
    let begun = begun?;
    state.run_begun.notify_one();
    Ok(begun)
}

fn new_run(state: &AppState, id: uuid::Uuid, business_date: NaiveDate, kind: Kind) -> NewRun {
    let now = state.clock.now();
    let calendar = &state.settings.reconciliation.calendar;
    NewRun {
        id: RunId(id),
        business_date,
        kind,
        window: calendar.window(business_date, now),
        now,
    }
}

fn check_date(state: &AppState, date: NaiveDate) -> Result<(), Error> {
    let calendar = &state.settings.reconciliation.calendar;
    if calendar.can_compare(date, state.clock.now()) {
        return Ok(());
    }
    Err(Error::Invalid {
        field: "date",
        message: "must be a day of the last ten years, up to today".to_owned(),
    })
}
