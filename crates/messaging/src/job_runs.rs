//! Job runs: a job runs once per business date, whichever replica does it, and goes on after a
//! crash where it was.
//!
//! Each step commits its effect together with [`advance`]. Who leads is decided by a lease, and a
//! step's transaction begins with [`fence`](crate::leases::fence); beyond that, a step is refused
//! whose position is not the one that the run has, so that even two runners do each step once.

use chrono::NaiveDate;
use common::database::{DbError, IsConflict};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::schema::job_runs;

/// What there is to do for a business date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Everything.
    Fresh(JobRun),
    /// What an earlier runner left: all that comes after [`JobRun::position`].
    Resumed(JobRun),
    /// Nothing.
    AlreadyFinished,
}

/// A run that is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRun {
    job: String,
    business_date: NaiveDate,
    position: Option<String>,
}

impl JobRun {
    /// The day that the job is run for, in the shop's zone.
    #[must_use]
    pub fn business_date(&self) -> NaiveDate {
        self.business_date
    }

    /// Up to where everything is done, in the job's own words; `None` before the first step.
    #[must_use]
    pub fn position(&self) -> Option<&str> {
        self.position.as_deref()
    }
}

/// Why a step does not count.
#[derive(Debug, thiserror::Error)]
pub enum JobRunError {
    /// Another runner did this step or finished the run: roll back and begin again.
    #[error("another runner of {job} for {business_date} went ahead")]
    Overtaken {
        /// The job.
        job: String,
        /// The day it is run for.
        business_date: NaiveDate,
    },
    /// The database did not do it.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<diesel::result::Error> for JobRunError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

impl IsConflict for JobRunError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_conflict())
    }
}

/// Begins the run of a business date, or says how far it is.
///
/// # Errors
/// Those of the database.
pub async fn begin(
    conn: &mut AsyncPgConnection,
    job: &str,
    business_date: NaiveDate,
) -> QueryResult<Begun> {
    let made = diesel::insert_into(job_runs::table)
        .values((
            job_runs::job.eq(job),
            job_runs::business_date.eq(business_date),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    let run = |position| JobRun {
        job: job.to_owned(),
        business_date,
        position,
    };
    if made == 1 {
        return Ok(Begun::Fresh(run(None)));
    }
    let (is_finished, position) = job_runs::table
        .find((job, business_date))
        .select((job_runs::finished_at.is_not_null(), job_runs::position))
        .first(conn)
        .await?;
    Ok(if is_finished {
        Begun::AlreadyFinished
    } else {
        Begun::Resumed(run(position))
    })
}

/// Notes in a step's own transaction that everything up to `position` is done.
///
/// # Errors
/// [`JobRunError::Overtaken`]; the step is another's then.
pub async fn advance(
    conn: &mut AsyncPgConnection,
    run: JobRun,
    position: String,
) -> Result<JobRun, JobRunError> {
    let advanced = diesel::update(job_runs::table.find((&run.job, run.business_date)))
        .filter(job_runs::finished_at.is_null())
        .filter(job_runs::position.is_not_distinct_from(run.position.as_deref()))
        .set(job_runs::position.eq(&position))
        .execute(conn)
        .await?;
    counted(advanced, &run)?;
    Ok(JobRun {
        position: Some(position),
        ..run
    })
}

/// Ends the run, with what came of it in a few words for people.
///
/// # Errors
/// [`JobRunError::Overtaken`]; another goes on or has ended it.
pub async fn finish(
    conn: &mut AsyncPgConnection,
    run: JobRun,
    outcome: &str,
) -> Result<(), JobRunError> {
    let finished = diesel::update(job_runs::table.find((&run.job, run.business_date)))
        .filter(job_runs::finished_at.is_null())
        .filter(job_runs::position.is_not_distinct_from(run.position.as_deref()))
        .set((job_runs::finished_at.eq(now), job_runs::outcome.eq(outcome)))
        .execute(conn)
        .await?;
    counted(finished, &run)
}

fn counted(rows: usize, run: &JobRun) -> Result<(), JobRunError> {
    if rows == 1 {
        return Ok(());
    }
    Err(JobRunError::Overtaken {
        job: run.job.clone(),
        business_date: run.business_date,
    })
}
