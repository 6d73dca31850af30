//! Reading runs: what they came to, and where the two sides do not agree.

use common::paging::{Page, Pagination};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use crate::app::Error;
use crate::domain::ids::RunId;
use crate::startup::AppState;
use crate::store::reconciliation::mismatches::{self, Mismatch};
use crate::store::reconciliation::report::{self, ClassCount, Total};
use crate::store::reconciliation::runs::{self, Run};

/// What is said where there is no such run.
pub(super) const RUN: &str = "reconciliation run";

/// A run, and what it has come to so far.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) run: Run,
    /// By currency; none before it is added up.
    pub(crate) totals: Vec<Total>,
    /// Those classes that were found.
    pub(crate) classes: Vec<ClassCount>,
}

/// What a run has come to.
pub(super) async fn of(conn: &mut AsyncPgConnection, run: Run) -> QueryResult<Report> {
    let totals = report::totals(conn, run.id).await?;
    let classes = report::classes(conn, run.id).await?;
    Ok(Report {
        run,
        totals,
        classes,
    })
}

/// One page of runs, newest first.
pub(crate) async fn list_runs(
    state: &AppState,
    page: Page,
) -> Result<(Vec<Run>, Pagination), Error> {
    let mut conn = state.db.get().await?;
    let (runs, total) = runs::list(&mut conn, page).await?;
    Ok((runs, page.of_total(total)))
}

/// A run with one page of its mismatches, in the order of finding.
pub(crate) async fn get_run(
    state: &AppState,
    id: RunId,
    page: Page,
) -> Result<(Report, Vec<Mismatch>, Pagination), Error> {
    let mut conn = state.db.get().await?;
    let run = runs::find(&mut conn, id).await?;
    let report = of(&mut conn, run.ok_or(Error::NotFound(RUN))?).await?;
    let (mismatches, total) = report::mismatches(&mut conn, id, page).await?;
    Ok((report, mismatches, page.of_total(total)))
}

/// A run.
pub(crate) async fn find_run(state: &AppState, id: RunId) -> Result<Run, Error> {
    let mut conn = state.db.get().await?;
    let run = runs::find(&mut conn, id).await?;
    run.ok_or(Error::NotFound(RUN))
}

/// Some mismatches of a run, after one of them, in the order of finding.
pub(crate) async fn mismatches_after(
    state: &AppState,
    run: RunId,
    last: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Mismatch>, Error> {
    let mut conn = state.db.get().await?;
    Ok(mismatches::after(&mut conn, run, last, limit).await?)
}
