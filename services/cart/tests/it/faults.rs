//! Redis, PostgreSQL or the process itself fails in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use test_support::{Fault, FaultProxy, PrivatePostgres, TestDb, TestRedis};

use crate::app::{Options, Shopper, TestApp, World, contents, prepare};
use crate::catalogue::{Catalogue, Thing};

fn address(url: &str) -> String {
    let rest = url.split_once("://").unwrap().1;
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    host.split('/').next().unwrap().to_owned()
}

async fn flush(url: &str) {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("FLUSHALL")
        .query_async(&mut connection)
        .await
        .unwrap();
}

/// Adds one after another, and after each acknowledgement reads at both processes: neither may show less.
async fn shop(here: &Shopper<'_>, there: &Shopper<'_>, thing: Thing, most: i64) -> i64 {
    for count in 1..=most {
        let reply = here.add(thing, 1).await;
        reply.assert_success(201);
        for reader in [here, there] {
            let cart = reader.cart().await;
            assert_eq!(
                contents(&cart),
                [(thing.variant, count)],
                "a read shows less than was acknowledged"
            );
        }
    }
    most
}

async fn two_processes(redis: &str, other_redis: &str) -> (TestApp, TestApp) {
    let app = TestApp::start_with(Options {
        world: Some(World::with_redis(redis, "")),
        ..Options::with(&[("CART__LIMITS__PER_LINE", "1000")])
    })
    .await;
    let beside = TestApp::start_with(Options {
        world: Some(Arc::clone(&app.world)),
        ..Options::with(&[
            ("CART__LIMITS__PER_LINE", "1000"),
            ("CART__REDIS__URL", other_redis),
        ])
    })
    .await;
    (app, beside)
}

fn plenty(catalogue: &Catalogue) -> Thing {
    catalogue.sell_with(|variant| variant["available"] = 100_000.into())
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_emptied_and_killed_in_the_middle_loses_nothing_that_was_acknowledged() {
    let mut redis = TestRedis::private();
    let url = redis.url().to_owned();
    let (app, beside) = two_processes(&url, &url).await;
    let thing = plenty(&app.world.catalogue);
    let people: Vec<_> = (0..8).map(|_| app.person()).collect();
    let done = AtomicBool::new(false);
    let shopping = async {
        let everyone = people.iter().map(|person| {
            let there = beside.person_with(person.id);
            async move { shop(person, &there, thing, 25).await }
        });
        futures_util::future::join_all(everyone).await;
        done.store(true, Ordering::Relaxed);
    };
    let breaking = async {
        let mut turn = 0;
        while !done.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(60)).await;
            if turn % 3 == 2 {
                redis.kill();
                tokio::time::sleep(Duration::from_millis(100)).await;
                tokio::task::block_in_place(|| redis.restart());
            } else {
                flush(&url).await;
            }
            turn += 1;
        }
        turn
    };
    let (turns, ()) = tokio::join!(breaking, shopping);
    assert!(turns >= 3, "Redis was broken only {turns} times");
    redis.kill();
    for person in &people {
        assert_eq!(contents(&person.cart().await), [(thing.variant, 25)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_cut_off_from_redis_leaves_no_old_cart_for_the_others() {
    for fault in [Fault::Blackhole, Fault::Reset, Fault::Pause] {
        let redis = TestRedis::private();
        let proxy = FaultProxy::start(address(redis.url()));
        let cut = proxy.in_front_of(redis.url());
        let (app, beside) = two_processes(&cut, redis.url()).await;
        let thing = plenty(&app.world.catalogue);
        let here = app.person();
        let there = beside.person_with(here.id);
        here.add(thing, 1).await.assert_success(201);
        // Both processes read it from Redis by now.
        until_from_redis(&beside, &there).await;
        proxy.set(fault);
        let begun = Instant::now();
        for count in 2..=6 {
            here.add(thing, 1).await.assert_success(201);
            for reader in [&there, &here] {
                assert_eq!(
                    contents(&reader.cart().await),
                    [(thing.variant, count)],
                    "{fault:?}"
                );
            }
        }
        assert!(begun.elapsed() < Duration::from_secs(4), "{fault:?} hangs");
        // What was held up arrives late, and does no harm.
        proxy.heal();
        there.add(thing, 1).await.assert_success(201);
        for _ in 0..20 {
            for reader in [&there, &here] {
                assert_eq!(
                    contents(&reader.cart().await),
                    [(thing.variant, 7)],
                    "{fault:?}"
                );
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn until_from_redis(app: &TestApp, person: &Shopper<'_>) {
    let before = from_redis(app).await;
    for _ in 0..200 {
        person.cart().await;
        if from_redis(app).await > before {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no cart is read from Redis");
}

async fn from_redis(app: &TestApp) -> f64 {
    let (_, metrics) = app.ops("/metrics").await;
    let line = metrics
        .lines()
        .find(|line| line.starts_with("cart_reads_total") && line.contains("\"redis\""));
    line.unwrap().rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_entry_that_comes_back_is_not_shown() {
    let redis = TestRedis::private();
    let (app, _beside) = two_processes(redis.url(), redis.url()).await;
    let thing = plenty(&app.world.catalogue);
    let ada = app.person();
    let reply = ada.add(thing, 1).await;
    let id = reply.assert_success(201)["cart"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    until_from_redis(&app, &ada).await;
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let key = format!("cart:{id}");
    let old: Vec<u8> = redis::cmd("GET")
        .arg(&key)
        .query_async(&mut connection)
        .await
        .unwrap();
    assert!(!old.is_empty());
    for planted in [old.as_slice(), b"", b"{}", b"\xff\xfe", b"[]"] {
        ada.add(thing, 1).await.assert_success(201);
        let expected = ada.cart().await;
        let () = redis::cmd("SET")
            .arg(&key)
            .arg(planted)
            .query_async(&mut connection)
            .await
            .unwrap();
        assert_eq!(ada.cart().await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_that_is_killed_is_a_503_and_no_acknowledged_change_is_lost() {
    let mut postgres = PrivatePostgres::start();
    let redis = TestRedis::shared();
    let world = Arc::new(World {
        db: TestDb::start_on(&postgres, "cart", prepare),
        redis_url: redis.url().to_owned(),
        redis_prefix: redis.prefix().to_owned(),
        catalogue: Catalogue::start(),
        clock: test_support::FakeClock::at_real_time(),
    });
    let app = TestApp::start_with(Options {
        world: Some(world),
        ..Options::with(&[("CART__LIMITS__PER_LINE", "1000")])
    })
    .await;
    let thing = plenty(&app.world.catalogue);
    let ada = app.person();
    let mut acknowledged = 0;
    for turn in 0..3 {
        for _ in 0..5 {
            ada.add(thing, 1).await.assert_success(201);
            acknowledged += 1;
        }
        postgres.kill();
        let begun = Instant::now();
        let (read, added) = tokio::join!(
            async {
                let request = ada.ask(reqwest::Method::GET, "/cart");
                test_support::service::Ask::reply(request).await
            },
            ada.add(thing, 1)
        );
        for reply in [&read, &added] {
            reply.assert_error(503, "SERVICE_UNAVAILABLE");
            assert_ne!(reply.header("retry-after"), "");
        }
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "turn {turn} hangs"
        );
        tokio::task::block_in_place(|| postgres.restart());
        let cart = until_read(&ada).await;
        assert_eq!(contents(&cart), [(thing.variant, acknowledged)]);
    }
}

async fn until_read(person: &Shopper<'_>) -> Value {
    for _ in 0..200 {
        let request = person.ask(reqwest::Method::GET, "/cart");
        let reply = test_support::service::Ask::reply(request).await;
        if reply.status == 200 {
            return reply.data()["cart"].clone();
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it does not recover");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_loses_nothing_that_it_acknowledged() {
    let app = TestApp::start().await;
    let things: Vec<_> = (0..20).map(|_| app.world.catalogue.sell()).collect();
    let ada = app.person();
    let id = ada.id;
    for thing in &things {
        ada.add(*thing, 1).await.assert_success(201);
    }
    let world = app.crash();
    let app = TestApp::start_with(Options {
        world: Some(world),
        ..Options::default()
    })
    .await;
    let expected: Vec<_> = things.iter().map(|thing| (thing.variant, 1)).collect();
    assert_eq!(contents(&app.person_with(id).cart().await), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_that_something_holds_does_not_hold_up_the_others() {
    let app = TestApp::start().await;
    let thing = plenty(&app.world.catalogue);
    let held = app.person();
    held.add(thing, 1).await.assert_success(201);
    let (client, connection) =
        tokio_postgres::connect(&app.world.db.admin_url(), tokio_postgres::NoTls)
            .await
            .unwrap();
    tokio::spawn(connection);
    let lock = format!(
        "BEGIN; SELECT id FROM cart.carts WHERE user_id = '{}' FOR UPDATE",
        held.id
    );
    client.batch_execute(&lock).await.unwrap();
    let others: Vec<_> = (0..20).map(|_| app.person()).collect();
    let begun = Instant::now();
    let (waiting, ()) = tokio::join!(held.add(thing, 1), async {
        for other in &others {
            other.add(thing, 1).await.assert_success(201);
        }
        assert!(
            begun.elapsed() < Duration::from_millis(1_500),
            "{:?}",
            begun.elapsed()
        );
    });
    // PostgreSQL gives a lock up after two seconds.
    waiting.assert_error(503, "SERVICE_UNAVAILABLE");
    assert_ne!(waiting.header("retry-after"), "");
    client.batch_execute("ROLLBACK").await.unwrap();
    held.add(thing, 1).await.assert_success(201);
    assert_eq!(contents(&held.cart().await), [(thing.variant, 2)]);
}
