//! What breaks in production, broken on purpose: a broker that is killed, silent, full or forgetful, a
//! database that goes away, a process that dies at the worst moment.
//!
//! One broker serves most of these tests, one after another; each has names of its own in it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lapin::options::QueueDeleteOptions;
use messaging::ConsumeError;
use test_support::{Fault, FaultProxy, PrivatePostgres, TestBroker};
use tokio::sync::{Mutex, MutexGuard};

use crate::database;
use crate::shop::{Answer, CONSUMER, Running, SERVICE, Shop};

const SOON: Duration = Duration::from_secs(30);
/// As long as it takes to find a queue mute, twice, and to replace it.
const MENDED: Duration = Duration::from_secs(120);

static BROKER: LazyLock<Mutex<TestBroker>> = LazyLock::new(|| Mutex::new(TestBroker::private()));

/// The broker for one test, and a prefix in it.
async fn broker() -> (MutexGuard<'static, TestBroker>, String) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let broker = tokio::task::spawn_blocking(|| BROKER.blocking_lock())
        .await
        .unwrap();
    (
        broker,
        format!("f{}.", COUNT.fetch_add(1, Ordering::Relaxed)),
    )
}

fn blocking<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r7_a_broker_killed_twenty_times_under_load_loses_nothing() {
    // A broker for this test alone: it spends most of its time on starting.
    let mut broker = blocking(TestBroker::private);
    let shop = Shop::new(broker.url(), "k.").await;
    let running = shop.run();
    for round in 0..20_i64 {
        // Commits go on whatever the broker does.
        let first = round * 300;
        shop.promise(first..first + 150).await;
        // It dies while events flow: some of these were applied, and most are on their way.
        shop.expect_more_than("effects", first, MENDED).await;
        tokio::time::sleep(Duration::from_millis(7 * (round.unsigned_abs() % 10))).await;
        blocking(|| broker.kill());
        shop.promise(first + 150..first + 300).await;
        blocking(|| broker.restart());
    }
    shop.expect_once(0..6000, MENDED).await;
    shop.expect_count("outbox WHERE published_at IS NULL", 0, SOON)
        .await;
    assert_eq!(shop.count("dead_letters").await, 0);
    assert_eq!(running.metric("events_published_total"), 6000.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_came_back_without_its_log_is_replaced() {
    let (broker, prefix) = broker().await;
    let shop = Shop::with_twist(broker.url(), &prefix, |number, attempt| {
        if number == 450 && attempt == 1 {
            return Answer::Fail(ConsumeError::Transient("not yet".to_owned()));
        }
        if number == 460 {
            return Answer::Fail(ConsumeError::Hopeless("impossible".to_owned()));
        }
        std::thread::sleep(Duration::from_millis(2));
        Answer::Apply
    })
    .await;
    let _running = shop.run_settled().await;
    shop.promise(0..400).await;
    shop.expect_count("outbox WHERE published_at IS NULL", 0, SOON)
        .await;
    let queue = shop.topology().queue(CONSUMER);
    let dead = shop.topology().dead_queue(CONSUMER);
    let first_retry = format!("{prefix}agape.retry.1s");
    for lost in [&queue, &dead, &first_retry] {
        blocking(|| lose_log(&broker, lost));
    }
    shop.promise(400..500).await;
    shop.expect_count("effects", 499, MENDED).await;
    shop.expect_count("dead_letters", 1, MENDED).await;
    let mut seen = shop.effects().await;
    seen.sort_unstable();
    let wanted: Vec<i64> = (0..500).filter(|number| *number != 460).collect();
    assert_eq!(seen, wanted);
    shop.expect_count("outbox WHERE published_at IS NULL", 0, SOON)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_is_left_without_its_process_is_replaced() {
    let (broker, prefix) = broker().await;
    let shop = Shop::new(broker.url(), &prefix).await;
    let running = shop.run_settled().await;
    shop.promise(0..50).await;
    shop.expect_once(0..50, SOON).await;
    running.crash();
    blocking(|| end_process(&broker, &shop.topology().queue(CONSUMER)));
    // Three replicas look, and one of them replaces.
    let replicas = [shop.run(), shop.run(), shop.run()];
    shop.promise(50..100).await;
    shop.expect_once(0..100, MENDED).await;
    let replaced = |one: &Running| one.metric("event_queues_replaced_total");
    let total: f64 = replicas.iter().map(replaced).sum();
    assert!((total - 1.0).abs() < f64::EPSILON, "replaced {total} times");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_partition_is_noticed_and_survived() {
    let (broker, prefix) = broker().await;
    let proxy = FaultProxy::start(format!("127.0.0.1:{}", broker.port()));
    let shop = Shop::new(&proxy.in_front_of(broker.url()), &prefix).await;
    let running = shop.run();
    shop.promise(0..50).await;
    shop.expect_once(0..50, SOON).await;
    proxy.set(Fault::Blackhole);
    let began = std::time::Instant::now();
    shop.promise(50..100).await;
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "commits do not wait for the broker"
    );
    // The relay's deadline is five seconds, the consumers' heartbeat gives up after twenty.
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert!(running.metric("events_publish_failures_total") >= 1.0);
    proxy.set(Fault::None);
    shop.promise(100..150).await;
    shop.expect_once(0..150, SOON).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_without_memory_stops_publications_and_nothing_else() {
    let (broker, prefix) = broker().await;
    let shop = Shop::new(broker.url(), &prefix).await;
    let _running = shop.run();
    shop.promise(0..50).await;
    shop.expect_once(0..50, SOON).await;
    blocking(|| broker.control(&["set_vm_memory_high_watermark", "absolute", "1MB"]));
    let began = std::time::Instant::now();
    shop.promise(50..150).await;
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "commits do not wait for the broker"
    );
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert!(
        shop.count("outbox WHERE published_at IS NULL").await > 0,
        "the alarm has no effect"
    );
    blocking(|| broker.control(&["set_vm_memory_high_watermark", "absolute", "1GB"]));
    shop.expect_once(0..150, SOON).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_deleted_under_its_consumer_comes_back_with_what_it_held() {
    let (broker, prefix) = broker().await;
    let shop = Shop::with_twist(broker.url(), &prefix, |number, _| {
        if number >= 50 {
            std::thread::sleep(Duration::from_millis(5));
        }
        Answer::Apply
    })
    .await;
    let _running = shop.run();
    shop.promise(0..50).await;
    shop.expect_once(0..50, SOON).await;
    // A full queue, and events that nobody has taken when it is deleted.
    shop.promise(50..1050).await;
    shop.expect_count("outbox WHERE published_at IS NULL", 0, SOON)
        .await;
    delete_queue(&shop, &shop.topology().queue(CONSUMER)).await;
    shop.promise(1050..1100).await;
    // Its consumer and its producer make it anew, and where they get into each other's way that has to be mended.
    shop.expect_once(0..1100, MENDED).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_queue_that_was_deleted_is_made_anew() {
    let (broker, prefix) = broker().await;
    let shop = Shop::with_twist(broker.url(), &prefix, |_, attempt| match attempt {
        1 => Answer::Fail(ConsumeError::Transient("not yet".to_owned())),
        _ => Answer::Apply,
    })
    .await;
    let _running = shop.run_settled().await;
    shop.promise(0..10).await;
    shop.expect_once(0..10, SOON).await;
    delete_queue(&shop, &format!("{prefix}agape.retry.1s")).await;
    shop.promise(10..20).await;
    shop.expect_once(0..20, SOON).await;
    assert_eq!(shop.count("dead_letters").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_no_queue_takes_make_their_queue() {
    let (broker, prefix) = broker().await;
    let shop = Shop::new(broker.url(), &prefix).await;
    // The producer is there before any consumer ever was.
    let producer = shop.run_relay();
    shop.promise(0..700).await;
    shop.expect_count("outbox WHERE published_at IS NULL", 0, SOON)
        .await;
    assert!(producer.metric("events_publish_failures_total{reason=\"returned\"") >= 1.0);
    let _running = shop.run();
    shop.expect_once(0..700, SOON).await;
    drop(broker);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r10_a_consumer_that_dies_between_commit_and_acknowledgement_applies_nothing_twice() {
    let (broker, prefix) = broker().await;
    let shop = Shop::with_twist(broker.url(), &prefix, |_, _| Answer::HangAfterCommit).await;
    let dying = shop.run_settled().await;
    shop.promise(0..30).await;
    // Four at once are applied and hang.
    shop.expect_count("effects", 4, SOON).await;
    dying.crash();
    let survivor = Shop::around(
        shop.db,
        None,
        broker.url(),
        &prefix,
        Box::new(|_, _| Answer::Apply),
    );
    let running = survivor.run();
    survivor.expect_once(0..30, SOON).await;
    assert_eq!(
        running.metric(&format!(
            "events_consumed_total{{outcome=\"duplicate\",queue=\"{CONSUMER}\""
        )),
        4.0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r8_a_database_that_is_away_for_a_while_loses_no_delivery() {
    let (broker, prefix) = broker().await;
    let mut postgres = blocking(PrivatePostgres::start);
    let db = blocking(|| database::start_on(&postgres, SERVICE));
    database::as_owner(
        &db,
        "CREATE TABLE effects (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                               number bigint NOT NULL, version bigint NOT NULL)",
    )
    .await;
    let slowly = |_: i64, _: u32| {
        std::thread::sleep(Duration::from_millis(2));
        Answer::Apply
    };
    let shop = Shop::around(db, None, broker.url(), &prefix, Box::new(slowly));
    let _running = shop.run();
    shop.promise(0..400).await;
    shop.expect_count("outbox WHERE published_at IS NULL", 0, SOON)
        .await;
    blocking(|| postgres.kill());
    tokio::time::sleep(Duration::from_secs(8)).await;
    blocking(|| postgres.restart());
    shop.expect_once(0..400, SOON).await;
    assert_eq!(
        shop.count("dead_letters").await,
        0,
        "an outage spends no attempt"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_consumer_does_not_stop_its_neighbour() {
    let (broker, prefix) = broker().await;
    let stalled = Shop::with_twist(broker.url(), &format!("{prefix}a."), |_, _| {
        Answer::HangAfterCommit
    })
    .await;
    let healthy = Shop::new(broker.url(), &format!("{prefix}b.")).await;
    let (_one, _other) = (stalled.run(), healthy.run());
    stalled.promise(0..2000).await;
    healthy.promise(0..500).await;
    healthy.expect_once(0..500, SOON).await;
    stalled
        .expect_count("outbox WHERE published_at IS NULL", 0, SOON)
        .await;
    assert_eq!(stalled.count("effects").await, 4);
}

/// What a node does with a queue whose log it lost with a crash: it starts the member from nothing.
fn lose_log(broker: &TestBroker, queue: &str) {
    end_process(broker, queue);
    let recover = "{[_], []} = rabbit_quorum_queue:recover(<<\"/\">>, [Queue])";
    eval_on(broker, queue, recover);
}

/// What is left where a queue is deleted by force just when it was made anew.
fn end_process(broker: &TestBroker, queue: &str) {
    let end = "ok = ra:force_delete_server(quorum_queues, amqqueue:get_pid(Queue))";
    eval_on(broker, queue, end);
}

/// Evaluates an expression inside the broker, in which `Queue` is the queue.
fn eval_on(broker: &TestBroker, queue: &str, expression: &str) {
    let name = format!("rabbit_misc:r(<<\"/\">>, queue, <<\"{queue}\">>)");
    broker.control(&[
        "eval",
        &format!("{{ok, Queue}} = rabbit_amqqueue:lookup({name}), {expression}."),
    ]);
}

async fn delete_queue(shop: &Shop, queue: &str) {
    let connection = shop.broker().connect("test: vandal").await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel
        .queue_delete(queue.into(), QueueDeleteOptions::default())
        .await
        .unwrap();
}
