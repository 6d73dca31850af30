//! From a commit to an effect in another transaction, by a real broker.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use common::settings::Reader;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use messaging::dead_letters::{self, RedriveError, Redriver};
use messaging::replay::ProducerSettings;
use messaging::{ConsumeError, outbox};
use serde_json::json;
use test_support::TestBroker;

use crate::database;
use crate::shop::{Answer, CONSUMER, SERVICE, Shop, numbered};

const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn every_committed_event_is_applied_once() {
    let broker = TestBroker::shared();
    let shop = Shop::new(broker.url(), broker.prefix()).await;
    let running = shop.run();
    shop.promise(0..500).await;
    shop.expect_once(0..500, SOON).await;
    shop.expect_count("outbox WHERE published_at IS NULL", 0, SOON)
        .await;
    assert!(running.metric("events_published_total") >= 500.0);
    assert_eq!(shop.count("inbox").await, 500);
}

#[tokio::test]
async fn what_was_rolled_back_is_never_published() {
    let broker = TestBroker::shared();
    let shop = Shop::new(broker.url(), broker.prefix()).await;
    let _running = shop.run();
    let mut conn = database::connect(&shop.db.url()).await;
    let rolled_back = diesel_async::AsyncConnection::transaction(&mut conn, async |conn| {
        let (event, meta) = numbered(1, 1);
        outbox::append(conn, &event, &meta).await?;
        Err::<(), _>(diesel::result::Error::RollbackTransaction)
    });
    assert!(rolled_back.await.is_err());
    shop.promise(2..3).await;
    shop.expect_once(2..3, SOON).await;
}

#[tokio::test]
async fn r5_a_backlog_written_while_no_relay_ran_is_carried_by_the_next() {
    let broker = TestBroker::shared();
    let shop = Shop::new(broker.url(), broker.prefix()).await;
    shop.promise(0..1200).await;
    let _running = shop.run();
    shop.expect_once(0..1200, SOON).await;
}

#[tokio::test]
async fn r6_two_relays_at_once_carry_every_event_once_to_its_effect() {
    let broker = TestBroker::shared();
    let shop = Shop::new(broker.url(), broker.prefix()).await;
    shop.promise(0..2000).await;
    let (one, other) = (shop.run(), shop.run());
    shop.promise(2000..4000).await;
    shop.expect_once(0..4000, Duration::from_secs(60)).await;
    let published = one.metric("events_published_total") + other.metric("events_published_total");
    assert_eq!(published, 4000.0, "a row is claimed by one relay at a time");
}

#[tokio::test]
async fn the_same_event_delivered_twice_has_one_effect() {
    let broker = TestBroker::shared();
    let shop = Shop::new(broker.url(), broker.prefix()).await;
    let running = shop.run_settled().await;
    shop.promise(0..20).await;
    shop.expect_once(0..20, SOON).await;
    // As a relay does that crashed between the broker's confirmation and its own mark.
    database::as_owner(&shop.db, "UPDATE outbox SET published_at = NULL").await;
    shop.promise(20..21).await;
    shop.expect_count("outbox WHERE published_at IS NULL", 0, SOON)
        .await;
    shop.expect_once(0..21, SOON).await;
    let duplicates = || {
        running.metric(&format!(
            "events_consumed_total{{outcome=\"duplicate\",queue=\"{CONSUMER}\""
        ))
    };
    for _ in 0..100 {
        if duplicates() >= 20.0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(duplicates(), 20.0);
    assert_eq!(shop.effects().await.len(), 21);
}

#[tokio::test]
async fn an_older_version_that_comes_late_changes_nothing() {
    let broker = TestBroker::shared();
    let shop = Shop::new(broker.url(), broker.prefix()).await;
    let running = shop.run_settled().await;
    shop.promise_version(7, 3).await;
    shop.expect_count("effects", 1, SOON).await;
    shop.promise_version(7, 2).await;
    shop.promise_version(7, 4).await;
    shop.expect_count("inbox", 3, SOON).await;
    assert_eq!(shop.count("effects WHERE version IN (3, 4)").await, 2);
    assert_eq!(shop.count("effects WHERE version = 2").await, 0);
    assert!(
        running.metric(&format!(
            "events_consumed_total{{outcome=\"stale\",queue=\"{CONSUMER}\""
        )) >= 1.0
    );
}

#[tokio::test]
async fn a_failure_that_passes_costs_attempts_and_nothing_else() {
    let broker = TestBroker::shared();
    let shop = Shop::with_twist(broker.url(), broker.prefix(), |number, attempt| {
        if number == 3 && attempt < 4 {
            return Answer::Fail(ConsumeError::Transient("not yet".to_owned()));
        }
        if number == 5 && attempt < 2 {
            Answer::Panic
        } else {
            Answer::Apply
        }
    })
    .await;
    let running = shop.run_settled().await;
    shop.promise(0..10).await;
    shop.expect_once(0..10, SOON).await;
    assert_eq!(
        running.metric(&format!(
            "events_consumed_total{{outcome=\"retried\",queue=\"{CONSUMER}\""
        )),
        4.0
    );
    assert_eq!(shop.count("dead_letters").await, 0);
}

#[tokio::test]
async fn a_dead_letter_is_kept_shown_and_sent_back_once() {
    let broker = TestBroker::shared();
    let shop = Shop::with_twist(broker.url(), broker.prefix(), |number, _| match number {
        3 => Answer::Fail(ConsumeError::Transient("never".to_owned())),
        _ => Answer::Apply,
    })
    .await;
    let running = shop.run();
    shop.promise(0..6).await;
    shop.expect_count("dead_letters", 1, SOON).await;
    let mut conn = shop.pool.get().await.unwrap();
    let letters = dead_letters::list(&mut conn, Some(CONSUMER), 10)
        .await
        .unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        (letters[0].reason.as_str(), letters[0].attempts),
        ("never", 5)
    );
    assert_eq!(letters[0].event_type.as_deref(), Some("audit.recorded"));
    let whole = dead_letters::find(&mut conn, letters[0].id)
        .await
        .unwrap()
        .unwrap();
    let body: serde_json::Value = serde_json::from_slice(&whole.body).unwrap();
    assert_eq!(body["data"]["entityId"], "3");
    drop((running, conn));

    // Mended: the same event now succeeds.
    let mended = Shop::around(
        shop.db,
        None,
        broker.url(),
        broker.prefix(),
        Box::new(|_, _| Answer::Apply),
    );
    let _running = mended.run();
    let redriver = || Redriver::new(SERVICE, mended.pool.clone(), mended.broker());
    let (one, other) = (redriver(), redriver());
    let (one, other) = tokio::join!(one.redrive(letters[0].id), other.redrive(letters[0].id));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert!(matches!(one.and(other), Err(RedriveError::NotWaiting(_))));
    mended.expect_once(0..6, SOON).await;
    assert_eq!(
        mended.count("dead_letters WHERE redriven_at IS NULL").await,
        0
    );
}

#[tokio::test]
async fn poison_of_every_kind_is_put_aside_and_holds_nobody_up() {
    let broker = TestBroker::shared();
    let shop = Shop::new(broker.url(), broker.prefix()).await;
    let _running = shop.run();
    shop.promise(0..1).await;
    shop.expect_once(0..1, SOON).await;
    let (event, meta) = numbered(99, 1);
    let envelope = serde_json::to_value(events::Envelope::wrap(&event, &meta)).unwrap();
    let with = |pointer: &str, value: serde_json::Value| {
        let mut envelope = envelope.clone();
        *envelope.pointer_mut(pointer).unwrap() = value;
        envelope.to_string().into_bytes()
    };
    let mut deep = vec![b'['; 20_000];
    deep.extend(vec![b']'; 20_000]);
    let poison: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"not JSON".to_vec(),
        b"\xff\xfe\x00".to_vec(),
        b"{}".to_vec(),
        b"null".to_vec(),
        deep,
        vec![b'x'; 10 * 1024 * 1024],
        with(
            "/dataschema",
            json!("urn:agape:events:audit.recorded.v9.json"),
        ),
        with("/type", json!("order.created")),
        with("/data/auditId", json!(7)),
        with("/data", json!(null)),
    ];
    let kinds = i64::try_from(poison.len()).unwrap();
    let mut headers = FieldTable::default();
    headers.insert("x-attempt".into(), AMQPValue::LongString("many".into()));
    headers.insert(
        "odd\u{0}name".into(),
        AMQPValue::LongString("odd\u{0}value".into()),
    );
    let properties = BasicProperties::default()
        .with_headers(headers)
        .with_type("odd\u{0}type".into());
    for body in &poison {
        shop.inject(body, properties.clone()).await;
    }
    let began = Instant::now();
    shop.promise(1..2).await;
    shop.expect_once(0..2, SOON).await;
    eprintln!(
        "an event behind {kinds} poisoned messages was applied after {:?}",
        began.elapsed()
    );
    shop.expect_count("dead_letters", kinds, SOON).await;
    assert_eq!(
        shop.count("dead_letters WHERE attempts = 1").await,
        kinds,
        "none was tried again"
    );
}

#[tokio::test]
async fn a_batch_with_a_bad_event_applies_the_others() {
    let broker = TestBroker::shared();
    let shop = Shop::with_twist(broker.url(), broker.prefix(), |number, _| match number {
        117 => Answer::Fail(ConsumeError::Hopeless("impossible".to_owned())),
        _ => Answer::Apply,
    })
    .await;
    shop.promise(0..1000).await;
    let _running = shop.run_batches();
    shop.expect_count("effects", 999, SOON).await;
    shop.expect_count("dead_letters", 1, SOON).await;
    let mut seen = shop.effects().await;
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 999);
    assert!(!seen.contains(&117));
}

#[tokio::test]
async fn a_batch_does_not_wait_for_producers_that_are_away() {
    let broker = TestBroker::shared();
    let mut shop = Shop::new(broker.url(), broker.prefix()).await;
    let nowhere = [("ADMIN__UPSTREAMS__ORDERS__URL", "http://127.0.0.1:1")];
    let mut read = Reader::from_pairs(SERVICE, nowhere);
    let deployed = [SERVICE.to_owned(), "orders".to_owned()];
    shop.amqp.producers = ProducerSettings::read(&mut read, SERVICE, &deployed);
    // The first message of the queue says that it is new: orders is asked for what it may have missed.
    let running = shop.run_batches();
    shop.promise(0..300).await;
    shop.expect_once(0..300, SOON).await;
    let began = Instant::now();
    while running.metric_with("events_consumed_total{", "\"waiting\"") < 1.0 {
        assert!(began.elapsed() < SOON, "nobody asked for what was missed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn while_something_is_away_no_attempt_is_spent() {
    let broker = TestBroker::shared();
    let first = OnceLock::new();
    let shop = Shop::with_twist(broker.url(), broker.prefix(), move |_, attempt| {
        assert_eq!(attempt, 1);
        if first.get_or_init(Instant::now).elapsed() < Duration::from_secs(4) {
            return Answer::Fail(ConsumeError::Unavailable("a sibling is away".to_owned()));
        }
        Answer::Apply
    })
    .await;
    let running = shop.run();
    shop.promise(0..40).await;
    shop.expect_once(0..40, SOON).await;
    assert!(
        running.metric(&format!(
            "events_consumed_total{{outcome=\"waiting\",queue=\"{CONSUMER}\""
        )) >= 1.0
    );
    assert_eq!(shop.count("dead_letters").await, 0);
}

#[tokio::test]
async fn every_attempt_is_part_of_the_trace_that_caused_the_event() {
    let broker = TestBroker::shared();
    let shop = Shop::with_twist(broker.url(), broker.prefix(), |_, attempt| match attempt {
        1 | 2 => Answer::Fail(ConsumeError::Transient("not yet".to_owned())),
        _ => Answer::Apply,
    })
    .await;
    let _running = shop.run_settled().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    shop.promise_traced(1, &format!("00-{trace}-00f067aa0ba902b7-01"))
        .await;
    shop.expect_once(1..2, SOON).await;
    assert_eq!(*shop.state.traces.lock().unwrap(), [trace, trace, trace]);
}
