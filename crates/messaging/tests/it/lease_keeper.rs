use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::database::{Database, DatabaseSettings};
use common::ids::new_id;
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use messaging::leases::{FenceError, Lease, LeaseKeeper, fence};
use test_support::TestDb;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::database::{as_owner, connect, start};
use crate::leases::{NAME, acquire, effects, epoch};

/// How long a lease lasts in these tests.
const SHORT: Duration = Duration::from_millis(900);

fn keeper(db: &TestDb) -> LeaseKeeper {
    LeaseKeeper::new(pool(db, 2), NAME, new_id()).with_ttl(SHORT)
}

fn pool(db: &TestDb, connections: u32) -> Database {
    Database::connect(&DatabaseSettings {
        url: db.url().into(),
        pool: connections,
        acquire: Duration::from_millis(300),
    })
}

/// Work that never ends by itself and tells how often it was begun, and whether it goes on.
#[derive(Clone, Default)]
struct Work {
    begun: Arc<AtomicUsize>,
    running: Arc<AtomicUsize>,
}

struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Work {
    fn keep(&self, keeper: LeaseKeeper, shutdown: &CancellationToken) -> JoinHandle<()> {
        let (work, shutdown) = (self.clone(), shutdown.clone());
        tokio::spawn(async move {
            keeper
                .hold(shutdown, |_lease| {
                    let work = work.clone();
                    async move {
                        work.begun.fetch_add(1, Ordering::SeqCst);
                        work.running.fetch_add(1, Ordering::SeqCst);
                        let _running = Running(work.running);
                        std::future::pending::<()>().await;
                    }
                })
                .await;
        })
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    fn is_running(&self) -> bool {
        self.running.load(Ordering::SeqCst) > 0
    }

    async fn runs(&self, within: Duration) {
        let since = Instant::now();
        while !self.is_running() {
            assert!(since.elapsed() < within, "does not run after {within:?}");
            sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn a_keeper_renews_and_hands_over_when_its_process_stops() {
    let db = start();
    let (first, second) = (Work::default(), Work::default());
    let (stop_first, stop_second) = (CancellationToken::new(), CancellationToken::new());
    let leading = first.keep(keeper(&db), &stop_first);
    first.runs(Duration::from_secs(2)).await;
    let waiting = second.keep(keeper(&db), &stop_second);
    sleep(SHORT * 3).await;
    assert!(first.is_running() && first.begun() == 1);
    assert!(!second.is_running(), "two lead at the same time");

    stop_first.cancel();
    leading.await.unwrap();
    assert!(!first.is_running(), "the work outlives its keeper");
    second.runs(SHORT * 2).await;
    assert_eq!(epoch(&db).await, 3, "given back and taken, not run out");
    stop_second.cancel();
    waiting.await.unwrap();
}

#[tokio::test]
async fn a_keeper_ends_its_work_when_another_has_taken_over() {
    let db = start();
    let work = Work::default();
    let stop = CancellationToken::new();
    let keeping = work.keep(keeper(&db), &stop);
    work.runs(Duration::from_secs(2)).await;
    let thief = format!("UPDATE leases SET holder = '{}', epoch = 9", new_id());
    as_owner(&db, &thief).await;
    sleep(SHORT * 3 / 4).await;
    assert!(!work.is_running(), "it goes on without its lease");
    // What the other does not renew comes back.
    work.runs(SHORT * 3).await;
    assert_eq!(work.begun(), 2);
    stop.cancel();
    keeping.await.unwrap();
    assert_eq!(epoch(&db).await, 11, "taken over from 9, and released");
}

#[tokio::test]
async fn a_keeper_ends_its_work_in_time_when_it_cannot_renew() {
    let db = start();
    let work = Work::default();
    let stop = CancellationToken::new();
    let keeping = work.keep(keeper(&db), &stop);
    work.runs(Duration::from_secs(2)).await;
    // The database is there, but nothing gets at the lease.
    let mut blocker = connect(&db.owner_url()).await;
    blocker
        .batch_execute("BEGIN; LOCK TABLE leases IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    sleep(SHORT + Duration::from_millis(300)).await;
    assert!(!work.is_running(), "it goes on past the end of its lease");
    blocker.batch_execute("ROLLBACK").await.unwrap();
    work.runs(Duration::from_secs(5)).await;
    stop.cancel();
    keeping.await.unwrap();
}

/// The whole process stands still, as after SIGSTOP: when it goes on, work that is ready must not
/// be done before the clock was looked at.
#[tokio::test]
async fn work_does_not_go_on_after_its_process_stood_still() {
    let db = start();
    let steps = Arc::new(AtomicUsize::new(0));
    let late_steps = Arc::new(AtomicUsize::new(0));
    let stop = CancellationToken::new();
    let (counted, late, keeper) = (Arc::clone(&steps), Arc::clone(&late_steps), keeper(&db));
    let held = stop.clone();
    let keeping = tokio::spawn(async move {
        let work = |lease: Lease| {
            let (counted, late) = (Arc::clone(&counted), Arc::clone(&late));
            async move {
                let mut last = Instant::now();
                loop {
                    // Always ready to go on, without any timer.
                    tokio::task::yield_now().await;
                    if lease.epoch() == 1 && last.elapsed() > SHORT {
                        late.fetch_add(1, Ordering::SeqCst);
                    }
                    last = Instant::now();
                    counted.fetch_add(1, Ordering::SeqCst);
                }
            }
        };
        keeper.hold(held, work).await;
    });
    while steps.load(Ordering::SeqCst) == 0 {
        sleep(Duration::from_millis(5)).await;
    }
    // This test's runtime has one thread: nothing in it goes on meanwhile.
    std::thread::sleep(SHORT * 2);
    sleep(Duration::from_millis(50)).await;
    assert_eq!(late_steps.load(Ordering::SeqCst), 0);
    stop.cancel();
    keeping.await.unwrap();
}

#[tokio::test]
async fn work_that_ends_by_itself_ends_the_keeper_and_frees_the_lease() {
    let db = start();
    keeper(&db)
        .hold(CancellationToken::new(), |_lease| async {})
        .await;
    let mut conn = connect(&db.url()).await;
    assert!(acquire(&mut conn, new_id()).await.is_some());
}

/// Work is dropped at any `.await`. What it had not committed is gone, and its connection does not
/// come back from the pool with a transaction that is still open.
#[tokio::test]
async fn work_that_is_stopped_in_a_transaction_leaves_nothing_behind() {
    let db = start();
    as_owner(&db, "CREATE TABLE effects (what text NOT NULL)").await;
    let work_pool = pool(&db, 1);
    for wait in ["pg_sleep(0)", "pg_sleep(30)"] {
        let stop = CancellationToken::new();
        let (keeper, held, own) = (keeper(&db), stop.clone(), work_pool.clone());
        let begun = Arc::new(AtomicUsize::new(0));
        let telling = Arc::clone(&begun);
        let keeping = tokio::spawn(async move {
            let work = |lease: Lease| {
                let (own, telling) = (own.clone(), Arc::clone(&telling));
                async move {
                    let mut conn = own.get().await.unwrap();
                    let stopped: Result<(), FenceError> = conn
                        .transaction(async |conn| {
                            fence(conn, &lease).await?;
                            conn.batch_execute("INSERT INTO effects VALUES ('half')")
                                .await?;
                            telling.fetch_add(1, Ordering::SeqCst);
                            // In the middle of a statement, or between two.
                            conn.batch_execute(&format!("SELECT {wait}")).await?;
                            std::future::pending().await
                        })
                        .await;
                    panic!("it came to an end: {stopped:?}");
                }
            };
            keeper.hold(held, work).await;
        });
        while begun.load(Ordering::SeqCst) == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        sleep(Duration::from_millis(50)).await;
        stop.cancel();
        keeping.await.unwrap();
        work_pool
            .get()
            .await
            .unwrap()
            .batch_execute("INSERT INTO effects VALUES ('whole')")
            .await
            .unwrap();
    }
    assert_eq!(effects(&db).await, ["whole", "whole"]);
}
