//! Runs: begun once, and carried on step by step.

use chrono::{DateTime, NaiveDate, Utc};
use common::paging::{self, Page};
use common::statement::{Prepare as _, Statement};
use diesel::dsl::{max, min};
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::domain::ids::{RunId, UserId};
use crate::domain::window::Window;
use crate::store::schema::payments::{payments, reconciliation_runs as runs};

/// What is done next in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The provider's transactions are listed.
    Transactions,
    /// The provider's refunds are listed.
    Refunds,
    /// What was listed is compared with our payments.
    Pairs,
    /// Our payments of the window that were not listed are asked about.
    UnlistedCreated,
    /// The same for those that were paid in the window and began before.
    UnlistedPaid,
    /// The same for those that began before and are still open.
    UnlistedOpen,
    /// Refunds that were listed are compared with ours.
    RefundsListed,
    /// Our refunds that were not listed are asked about.
    RefundsUnlisted,
    /// What can be put right is put right.
    Repair,
    /// Everything is added up.
    Close,
    /// What the provider said is removed.
    Clear,
    /// It is over.
    Done,
}

impl Phase {
    /// Every phase, in order.
    pub(crate) const ALL: [Self; 12] = [
        Self::Transactions,
        Self::Refunds,
        Self::Pairs,
        Self::UnlistedCreated,
        Self::UnlistedPaid,
        Self::UnlistedOpen,
        Self::RefundsListed,
        Self::RefundsUnlisted,
        Self::Repair,
        Self::Close,
        Self::Clear,
        Self::Done,
    ];

    /// The name in JSON and SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Transactions => "transactions",
            Self::Refunds => "refunds",
            Self::Pairs => "pairs",
            Self::UnlistedCreated => "unlisted_created",
            Self::UnlistedPaid => "unlisted_paid",
            Self::UnlistedOpen => "unlisted_open",
            Self::RefundsListed => "refunds_listed",
            Self::RefundsUnlisted => "refunds_unlisted",
            Self::Repair => "repair",
            Self::Close => "close",
            Self::Clear => "clear",
            Self::Done => "done",
        }
    }

    /// What follows it.
    pub(crate) fn next(self) -> Self {
        let mut rest = Self::ALL.into_iter().skip_while(|phase| *phase != self);
        rest.nth(1).unwrap_or(Self::Done)
    }
}

/// Who began a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The clock.
    Nightly,
    /// Somebody.
    Manual(UserId),
}

impl Kind {
    /// The name in JSON and SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nightly => "nightly",
            Self::Manual(_) => "manual",
        }
    }
}

/// A run, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) business_date: NaiveDate,
    pub(crate) kind: Kind,
    pub(crate) phase: Phase,
    /// Up to where the phase has come, in its own words; none at its beginning.
    pub(crate) position: Option<String>,
    /// Steps that were written.
    pub(crate) steps: i64,
    pub(crate) window: Window,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
}

/// A run that is about to begin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewRun {
    pub(crate) id: RunId,
    pub(crate) business_date: NaiveDate,
    pub(crate) kind: Kind,
    pub(crate) window: Window,
    pub(crate) now: DateTime<Utc>,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = runs)]
struct RunRow {
    id: Uuid,
    business_date: NaiveDate,
    requested_by: Option<Uuid>,
    phase: String,
    position: Option<String>,
    steps: i64,
    window_from: DateTime<Utc>,
    window_to: DateTime<Utc>,
    started_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl RunRow {
    fn open(self) -> QueryResult<Run> {
        let mut all = Phase::ALL.into_iter();
        let phase = all.find(|phase| phase.name() == self.phase);
        let unknown =
            || Error::DeserializationError(format!("unknown phase {}", self.phase).into());
        Ok(Run {
            id: RunId(self.id),
            business_date: self.business_date,
            kind: self
                .requested_by
                .map_or(Kind::Nightly, |by| Kind::Manual(UserId(by))),
            phase: phase.ok_or_else(unknown)?,
            position: self.position,
            steps: self.steps,
            window: Window {
                from: self.window_from,
                to: self.window_to,
            },
            started_at: self.started_at,
            finished_at: self.finished_at,
        })
    }
}

/// Begins a run; none if a run of the date goes on, or the nightly one was.
pub(crate) async fn begin(conn: &mut AsyncPgConnection, new: &NewRun) -> QueryResult<Option<Run>> {
    let requested_by = match new.kind {
        Kind::Nightly => None,
        Kind::Manual(by) => Some(by.0),
    };
    let row: Option<RunRow> = diesel::insert_into(runs::table)
        .values((
            runs::id.eq(new.id.0),
            runs::business_date.eq(new.business_date),
            runs::kind.eq(new.kind.name()),
            runs::requested_by.eq(requested_by),
            runs::window_from.eq(new.window.from),
            runs::window_to.eq(new.window.to),
            runs::started_at.eq(new.now),
        ))
        .on_conflict_do_nothing()
        .returning(RunRow::as_returning())
        .prepared()
        .get_result(conn)
        .await
        .optional()?;
    row.map(RunRow::open).transpose()
}

/// A run.
pub(crate) async fn find(conn: &mut AsyncPgConnection, id: RunId) -> QueryResult<Option<Run>> {
    let row: Option<RunRow> = runs::table
        .find(id.0)
        .select(RunRow::as_select())
        .first(conn)
        .await
        .optional()?;
    row.map(RunRow::open).transpose()
}

/// The run that waits longest to be carried on; of one date, if one is given.
pub(crate) async fn waiting(
    conn: &mut AsyncPgConnection,
    date: Option<NaiveDate>,
) -> QueryResult<Option<Run>> {
    let mut query = runs::table
        .filter(runs::finished_at.is_null())
        .order((runs::started_at, runs::business_date))
        .select(RunRow::as_select())
        .into_boxed();
    if let Some(date) = date {
        query = query.filter(runs::business_date.eq(date));
    }
    let row: Option<RunRow> = query.first(conn).await.optional()?;
    row.map(RunRow::open).transpose()
}

/// Up to which date each night was begun, and when the first payment began.
pub(crate) async fn nights(
    conn: &mut AsyncPgConnection,
) -> QueryResult<(Option<NaiveDate>, Option<DateTime<Utc>>)> {
    let last = runs::table
        .filter(runs::kind.eq(Kind::Nightly.name()))
        .select(max(runs::business_date))
        .first(conn)
        .await?;
    let first = payments::table
        .select(min(payments::created_at))
        .first(conn)
        .await?;
    Ok((last, first))
}

/// When a run was last finished.
pub(crate) async fn last_finished(
    conn: &mut AsyncPgConnection,
) -> QueryResult<Option<DateTime<Utc>>> {
    runs::table
        .filter(runs::finished_at.is_not_null())
        .order(runs::finished_at.desc())
        .select(runs::finished_at)
        .first(conn)
        .await
        .optional()
        .map(Option::flatten)
}

/// Notes that a step of a run was done, and where the next one begins; `false` if another did it.
pub(crate) async fn advance(
    conn: &mut AsyncPgConnection,
    run: &Run,
    (phase, position): (Phase, Option<&str>),
    finished_at: Option<DateTime<Utc>>,
) -> QueryResult<bool> {
    const SQL: &str =
        "UPDATE reconciliation_runs SET phase = ?, position = ?, finished_at = ?, steps = steps + 1
         WHERE id = ? AND steps = ? AND finished_at IS NULL";
    let advanced = Statement::new(SQL)
        .bind::<Text, _>(phase.name())
        .bind::<Nullable<Text>, _>(position.map(str::to_owned))
        .bind::<Nullable<Timestamptz>, _>(finished_at)
        .bind::<SqlUuid, _>(run.id.0)
        .bind::<BigInt, _>(run.steps)
        .execute(conn)
        .await?;
    Ok(advanced == 1)
}

/// One page of runs, newest first, and how many there are in all.
pub(crate) async fn list(conn: &mut AsyncPgConnection, page: Page) -> QueryResult<(Vec<Run>, i64)> {
    let newest = || runs::table.order(runs::id.desc());
    let total = paging::count(conn, newest().select(runs::id)).await?;
    let rows: Vec<RunRow> = newest()
        .limit(page.rows())
        .offset(page.offset())
        .select(RunRow::as_select())
        .load(conn)
        .await?;
    let rows: QueryResult<Vec<Run>> = rows.into_iter().map(RunRow::open).collect();
    Ok((rows?, total))
}
