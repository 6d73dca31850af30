use chrono::NaiveDate;
use common::ids::new_id;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use messaging::job_runs::{Begun, JobRun, JobRunError, advance, begin, finish};
use messaging::leases::{FenceError, Lease, TTL, fence};
use messaging::schema::job_runs;
use test_support::TestDb;

use crate::database::{as_owner, connect, start};

const JOB: &str = "payments.reconcile";
const STEPS: i32 = 20;

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, day).unwrap()
}

async fn fresh(conn: &mut AsyncPgConnection, date: NaiveDate) -> JobRun {
    match begin(conn, JOB, date).await.unwrap() {
        Begun::Fresh(run) => run,
        other => panic!("not fresh: {other:?}"),
    }
}

#[tokio::test]
async fn a_finished_run_is_never_begun_again_and_the_next_day_is_another() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let run = fresh(&mut conn, day(1)).await;
    assert_eq!((run.business_date(), run.position()), (day(1), None));
    finish(&mut conn, run, "3 mismatches").await.unwrap();
    assert_eq!(
        begin(&mut conn, JOB, day(1)).await.unwrap(),
        Begun::AlreadyFinished
    );
    let outcome: Option<String> = job_runs::table
        .select(job_runs::outcome)
        .first(&mut conn)
        .await
        .unwrap();
    assert_eq!(outcome.as_deref(), Some("3 mismatches"));
    fresh(&mut conn, day(2)).await;
}

#[tokio::test]
async fn a_run_that_was_left_goes_on_where_it_was() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let run = fresh(&mut conn, day(1)).await;
    let left = begin(&mut conn, JOB, day(1)).await.unwrap();
    assert_eq!(
        left,
        Begun::Resumed(run.clone()),
        "left before its first step"
    );
    let run = advance(&mut conn, run, "page 7".to_owned()).await.unwrap();
    assert_eq!(run.position(), Some("page 7"));
    let Begun::Resumed(resumed) = begin(&mut conn, JOB, day(1)).await.unwrap() else {
        panic!("not resumed");
    };
    assert_eq!(resumed, run);
    finish(&mut conn, resumed, "done").await.unwrap();
    // The first runner comes back: neither its step nor its end counts.
    for late in [
        advance(&mut conn, run.clone(), "page 8".to_owned())
            .await
            .map(drop),
        finish(&mut conn, run, "done twice").await,
    ] {
        assert!(
            matches!(late, Err(JobRunError::Overtaken { .. })),
            "{late:?}"
        );
    }
}

#[tokio::test]
async fn a_step_and_its_position_commit_together() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let run = fresh(&mut conn, day(1)).await;
    let rolled_back: Result<(), JobRunError> = conn
        .transaction(async |conn| {
            advance(conn, run.clone(), "page 1".to_owned()).await?;
            Err(diesel::result::Error::RollbackTransaction.into())
        })
        .await;
    assert!(rolled_back.is_err());
    assert_eq!(
        begin(&mut conn, JOB, day(1)).await.unwrap(),
        Begun::Resumed(run)
    );
}

/// One step: its effect and its position.
async fn step(conn: &mut AsyncPgConnection, run: JobRun) -> Result<JobRun, JobRunError> {
    let next = next_step(&run);
    diesel::sql_query("INSERT INTO effects VALUES ($1)")
        .bind::<Integer, _>(next)
        .execute(conn)
        .await?;
    advance(conn, run, next.to_string()).await
}

fn next_step(run: &JobRun) -> i32 {
    run.position()
        .map_or(1, |done| done.parse::<i32>().unwrap() + 1)
}

async fn effects(db: &TestDb) -> (i64, i64) {
    sql::<(BigInt, BigInt)>("SELECT count(*), count(DISTINCT step) FROM effects")
        .get_result(&mut connect(&db.owner_url()).await)
        .await
        .unwrap()
}

/// Runs the job to its end; answers whether this runner was the one that ended it.
async fn run_to_its_end(url: &str) -> bool {
    let mut conn = connect(url).await;
    loop {
        let mut run = match begin(&mut conn, JOB, day(1)).await.unwrap() {
            Begun::AlreadyFinished => return false,
            Begun::Fresh(run) | Begun::Resumed(run) => run,
        };
        loop {
            let outcome = if next_step(&run) > STEPS {
                finish(&mut conn, run, "done").await.map(|()| None)
            } else {
                conn.transaction(async |conn| step(conn, run).await)
                    .await
                    .map(Some)
            };
            match outcome {
                Ok(None) => return true,
                Ok(Some(advanced)) => run = advanced,
                Err(JobRunError::Overtaken { .. }) => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_runners_at_once_do_each_step_once() {
    let db = start();
    as_owner(&db, "CREATE TABLE effects (step integer NOT NULL)").await;
    let mut runners = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let url = db.url();
        runners.spawn(async move { run_to_its_end(&url).await });
    }
    let ended = runners.join_all().await;
    assert_eq!(ended.iter().filter(|ended| **ended).count(), 1, "{ended:?}");
    assert_eq!(effects(&db).await, (i64::from(STEPS), i64::from(STEPS)));
}

#[tokio::test]
async fn a_leader_that_lost_its_lease_cannot_advance() {
    let db = start();
    as_owner(&db, "CREATE TABLE effects (step integer NOT NULL)").await;
    let mut conn = connect(&db.url()).await;
    let lease = Lease::acquire(&mut conn, JOB, new_id(), TTL)
        .await
        .unwrap()
        .unwrap();
    let run = fresh(&mut conn, day(1)).await;
    let fenced = async |conn: &mut AsyncPgConnection| {
        conn.transaction(async |conn| {
            fence(conn, &lease).await?;
            step(conn, run.clone()).await.map_err(|error| match error {
                JobRunError::Db(error) => FenceError::Db(error),
                overtaken @ JobRunError::Overtaken { .. } => panic!("{overtaken}"),
            })
        })
        .await
    };
    as_owner(&db, "UPDATE leases SET epoch = epoch + 1").await;
    let refused = fenced(&mut conn).await;
    assert!(
        matches!(refused, Err(FenceError::LeaseLost(_))),
        "{refused:?}"
    );
    assert_eq!(effects(&db).await, (0, 0));
}
