//! A leader whose process is stopped for longer than its lease, and continued: the fault that a lease
//! alone does not survive.
//!
//! The leaders are processes of their own: this test binary, started again for one ignored test.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::database::{Database, DatabaseSettings};
use common::ids;
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncConnection as _, RunQueryDsl as _};
use messaging::leases::{FenceError, Lease, LeaseKeeper, fence};
use test_support::TestDb;
use tokio_util::sync::CancellationToken;

use crate::database;

/// Where a leader finds its database.
const DATABASE: &str = "AGAPE_TEST_LEADER_DATABASE";
/// As long as garbage collectors and hypervisors have been seen to stop a process, and well over the
/// time that a lease lasts.
const STOPPED_FOR: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_was_stopped_and_continued_writes_nothing_more() {
    let db = database::start();
    database::as_owner(
        &db,
        "CREATE TABLE writes (position bigint GENERATED ALWAYS AS IDENTITY, epoch bigint NOT NULL)",
    )
    .await;
    let mut first = Leader::start(&db);
    expect_writes(&db, 1, 5).await;
    first.signal("STOP");
    let stopped_at = Instant::now();
    let _second = Leader::start(&db);
    // It leads as soon as the first one's lease has run out.
    expect_writes(&db, 2, 5).await;
    assert!(
        stopped_at.elapsed() < STOPPED_FOR,
        "the lease was not taken over in time"
    );
    tokio::time::sleep(STOPPED_FOR.saturating_sub(stopped_at.elapsed())).await;
    first.signal("CONT");
    let status = tokio::task::block_in_place(|| first.0.wait()).unwrap();
    assert!(
        status.success(),
        "it was not refused: {status:?}, signal {:?}",
        status.signal()
    );
    let late = "SELECT count(*) AS number FROM orders.writes
                WHERE epoch = 1 AND position > (SELECT min(position) FROM orders.writes WHERE epoch = 2)";
    assert_eq!(number(&db, late).await, 0);
}

struct Leader(Child);

impl Leader {
    fn start(db: &TestDb) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "stopped_leader::leader_process", "--ignored"]);
        command.env(DATABASE, db.url()).stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }

    fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        assert!(
            Command::new("kill")
                .args([&format!("-{name}"), &pid])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        // One that ended by itself cannot be killed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Leads and writes; ends well when it is told that it leads no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a process of the other test, not a test"]
async fn leader_process() {
    let Some(url) = std::env::var_os(DATABASE) else {
        return;
    };
    let db = Database::connect(&DatabaseSettings::new(url.into_string().unwrap()));
    let keeper = LeaseKeeper::new(db.clone(), "writing", ids::new_id());
    let work = |lease: Lease| {
        // A task of its own, which nobody stops: only the fence stands between it and the table.
        let writing = tokio::spawn(write_until_refused(db.clone(), lease));
        async move {
            writing.await.unwrap();
            std::process::exit(0);
        }
    };
    let keeping = keeper.hold(CancellationToken::new(), work);
    keeping.await;
}

async fn write_until_refused(db: Database, lease: Lease) {
    loop {
        match write(&db, &lease).await {
            Ok(()) => tokio::time::sleep(Duration::from_millis(50)).await,
            // The other process wrote meanwhile, so this one may say goodbye.
            Err(FenceError::LeaseLost(_)) => std::process::exit(0),
            // The server closed the connection of a process that did not move.
            Err(FenceError::Db(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn write(db: &Database, lease: &Lease) -> Result<(), FenceError> {
    let mut conn = db.get().await?;
    conn.transaction(async |conn| {
        fence(conn, lease).await?;
        diesel::sql_query("INSERT INTO writes (epoch) VALUES ($1)")
            .bind::<BigInt, _>(lease.epoch())
            .execute(conn)
            .await?;
        Ok(())
    })
    .await
}

async fn expect_writes(db: &TestDb, epoch: i64, wanted: i64) {
    for _ in 0..600 {
        let written = format!("SELECT count(*) AS number FROM orders.writes WHERE epoch = {epoch}");
        if number(db, &written).await >= wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nobody leads with epoch {epoch}");
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

async fn number(db: &TestDb, query: &str) -> i64 {
    let mut conn = database::connect(&db.admin_url()).await;
    diesel::sql_query(query)
        .get_result::<Number>(&mut conn)
        .await
        .unwrap()
        .number
}
