use std::time::Duration;

use common::ids::new_id;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Double, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use messaging::leases::{FenceError, Lease, TTL, fence};
use messaging::schema::leases;
use test_support::TestDb;
use tokio::time::timeout;
use uuid::Uuid;

use crate::database::{as_owner, connect, start};

pub const NAME: &str = "orders.reconcile";

pub async fn acquire(conn: &mut AsyncPgConnection, holder: Uuid) -> Option<Lease> {
    Lease::acquire(conn, NAME, holder, TTL).await.unwrap()
}

/// Makes every lease run out.
async fn expire(db: &TestDb) {
    as_owner(db, "UPDATE leases SET held_until = now() - interval '1 ms'").await;
}

async fn seconds_left(conn: &mut AsyncPgConnection) -> f64 {
    leases::table
        .select(sql::<Double>(
            "extract(epoch FROM held_until - clock_timestamp())::float8",
        ))
        .first(conn)
        .await
        .unwrap()
}

#[tokio::test]
async fn one_holds_it_and_the_other_waits_until_it_runs_out() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let (first, second) = (new_id(), new_id());
    let held = acquire(&mut conn, first).await.unwrap();
    assert_eq!((held.name(), held.epoch()), (NAME, 1));
    assert_eq!(acquire(&mut conn, second).await, None);
    expire(&db).await;
    let taken = acquire(&mut conn, second).await.unwrap();
    assert_eq!(taken.epoch(), 2, "the epoch rises with the holder");
    assert_eq!(acquire(&mut conn, first).await, None);
    assert!(!held.renew(&mut conn, TTL).await.unwrap());
}

#[tokio::test]
async fn only_one_of_many_gets_a_new_lease_and_an_old_one() {
    let db = start();
    for round in 1..=2 {
        let mut attempts = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let url = db.url();
            attempts.spawn(async move { acquire(&mut connect(&url).await, new_id()).await });
        }
        let leases: Vec<Lease> = attempts.join_all().await.into_iter().flatten().collect();
        assert_eq!(leases.len(), 1, "{leases:?}");
        assert_eq!(leases[0].epoch(), round);
        expire(&db).await;
    }
}

#[tokio::test]
async fn a_renewal_makes_it_last_and_leaves_the_epoch() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let held = acquire(&mut conn, new_id()).await.unwrap();
    as_owner(&db, "UPDATE leases SET held_until = now() + interval '1 s'").await;
    assert!(held.renew(&mut conn, TTL).await.unwrap());
    let left = seconds_left(&mut conn).await;
    assert!((14.0..=15.0).contains(&left), "{left} s are left");
    fence(&mut conn, &held).await.unwrap();
    assert_eq!(acquire(&mut conn, new_id()).await, None);
}

#[tokio::test]
async fn its_age_is_measured_by_the_databases_clock_at_that_very_moment() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    // Inside a transaction, `now()` stands still; a lease must not be shorter for that.
    conn.transaction(async |conn| {
        conn.batch_execute("SELECT pg_sleep(1.2)").await?;
        let held = acquire(conn, new_id()).await.unwrap();
        assert!(seconds_left(conn).await > 14.5);
        conn.batch_execute("SELECT pg_sleep(0.6)").await?;
        assert!(held.renew(conn, TTL).await?);
        assert!(seconds_left(conn).await > 14.5);
        Ok::<(), diesel::result::Error>(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_released_lease_is_free_at_once_and_its_former_holder_is_fenced_off() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let held = acquire(&mut conn, new_id()).await.unwrap();
    held.clone().release(&mut conn).await.unwrap();
    assert!(matches!(
        fence(&mut conn, &held).await,
        Err(FenceError::LeaseLost(_))
    ));
    let successor = acquire(&mut conn, new_id()).await.unwrap();
    assert!(successor.epoch() > held.epoch());
    // A release that comes late takes nothing away from the successor.
    held.release(&mut conn).await.unwrap();
    fence(&mut conn, &successor).await.unwrap();
    assert_eq!(acquire(&mut conn, new_id()).await, None);
}

#[tokio::test]
async fn a_holder_that_lost_its_memory_takes_its_own_lease_again() {
    let db = start();
    let mut conn = connect(&db.url()).await;
    let me = new_id();
    let before = acquire(&mut conn, me).await.unwrap();
    let after = acquire(&mut conn, me).await.unwrap();
    assert_eq!(after.epoch(), before.epoch() + 1);
    assert!(fence(&mut conn, &before).await.is_err());
}

/// One write behind the fence, as a leader does it.
async fn write(conn: &mut AsyncPgConnection, lease: &Lease, what: &str) -> Result<(), FenceError> {
    conn.transaction(async |conn| {
        fence(conn, lease).await?;
        diesel::sql_query("INSERT INTO effects VALUES ($1)")
            .bind::<Text, _>(what)
            .execute(conn)
            .await?;
        Ok(())
    })
    .await
}

pub async fn effects(db: &TestDb) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        what: String,
    }
    let rows: Vec<Row> = diesel::sql_query("SELECT what FROM effects ORDER BY what")
        .load(&mut connect(&db.owner_url()).await)
        .await
        .unwrap();
    rows.into_iter().map(|row| row.what).collect()
}

#[tokio::test]
async fn r9_a_leader_that_was_stopped_and_continues_cannot_write() {
    let db = start();
    as_owner(&db, "CREATE TABLE effects (what text NOT NULL)").await;
    let mut stopped = connect(&db.url()).await;
    let mut successor = connect(&db.url()).await;
    let old = acquire(&mut stopped, new_id()).await.unwrap();
    write(&mut stopped, &old, "1 before it was stopped")
        .await
        .unwrap();
    expire(&db).await;
    // Nobody else leads yet, so there is nobody to disturb.
    write(&mut stopped, &old, "2 late, but alone")
        .await
        .unwrap();
    let new = acquire(&mut successor, new_id()).await.unwrap();
    write(&mut successor, &new, "3 the successor")
        .await
        .unwrap();
    let refused = write(&mut stopped, &old, "4 too late").await.unwrap_err();
    assert_eq!(refused.to_string(), "the lease orders.reconcile was lost");
    assert_eq!(
        effects(&db).await,
        [
            "1 before it was stopped",
            "2 late, but alone",
            "3 the successor"
        ]
    );
}

#[tokio::test]
async fn a_fenced_transaction_holds_up_the_successor_but_not_the_renewal() {
    let db = start();
    let mut leader = connect(&db.url()).await;
    let mut other = connect(&db.url()).await;
    let held = acquire(&mut leader, new_id()).await.unwrap();
    leader.batch_execute("BEGIN").await.unwrap();
    fence(&mut leader, &held).await.unwrap();

    let renewed = timeout(Duration::from_secs(1), held.renew(&mut other, TTL)).await;
    assert!(renewed.expect("the renewal waits").unwrap());
    fence(&mut leader, &held).await.unwrap();

    expire(&db).await;
    let mut waiting = tokio::spawn(async move { acquire(&mut other, new_id()).await });
    let early = timeout(Duration::from_millis(500), &mut waiting).await;
    assert!(
        early.is_err(),
        "taken over in the middle of a transaction: {early:?}"
    );
    fence(&mut leader, &held).await.unwrap();
    leader.batch_execute("COMMIT").await.unwrap();
    let successor = waiting.await.unwrap().unwrap();
    assert_eq!(successor.epoch(), 2);
    assert!(fence(&mut leader, &held).await.is_err());
}

#[tokio::test]
async fn a_fence_waits_for_a_take_over_that_is_under_way() {
    let db = start();
    let mut leader = connect(&db.url()).await;
    let mut successor = connect(&db.url()).await;
    let held = acquire(&mut leader, new_id()).await.unwrap();
    expire(&db).await;
    successor.batch_execute("BEGIN").await.unwrap();
    acquire(&mut successor, new_id()).await.unwrap();
    let mut fenced = tokio::spawn(async move { fence(&mut leader, &held).await });
    let early = timeout(Duration::from_millis(500), &mut fenced).await;
    assert!(early.is_err(), "passed beside a take-over: {early:?}");
    successor.batch_execute("COMMIT").await.unwrap();
    let late = fenced.await.unwrap();
    assert!(matches!(late, Err(FenceError::LeaseLost(_))), "{late:?}");
}

/// Which acquisition the row is at.
pub async fn epoch(db: &TestDb) -> i64 {
    leases::table
        .select(leases::epoch)
        .first(&mut connect(&db.url()).await)
        .await
        .unwrap()
}
