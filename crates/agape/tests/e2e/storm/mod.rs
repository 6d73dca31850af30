//! The storm: shoppers buy while every process is killed in turn, dies at places where it hurts, and the vendors misbehave. Once it
//! is quiet, nothing may have been lost or doubled, by what lies in all databases, at the vendors, in the broker and with the
//! shoppers.
//!
//! `STORM_SECONDS` makes it longer, and `STORM_SEED` has the same things happen in the same order.

mod carts;
mod clerk;
pub mod points;
mod processes;
pub mod rest;
pub mod shoppers;
pub mod trouble;

use std::sync::Arc;
use std::time::{Duration, Instant};

use agape::given;
use prove::failpoints::ALL;
use rand::SeedableRng as _;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom as _;
use serde_json::json;

use self::carts::Carts;
use self::clerk::Clerk;
use self::points::Points;
use self::processes::Watch;
use self::shoppers::{Attempt, Patience, Shoppers};
use self::trouble::Trouble;
use crate::system::System;

/// How long a storm takes if nobody says otherwise.
const LENGTH: Duration = Duration::from_secs(60);
/// How long one takes that is a test like any other.
const SHORT: Duration = Duration::from_secs(10);
/// For so long somebody may take to come to a point, beside a compiler.
const COMES_BY: Duration = Duration::from_secs(180);
/// Shoppers at a time.
const SHOPPERS: usize = 12;
/// People with carts who do nothing.
const CARTS: usize = 20;

fn setting(name: &str) -> Option<u64> {
    given::parsed(name).unwrap()
}

/// A system that is kept in motion: what others wait a minute for happens each second.
fn start(points: &Points, more: &[(&str, &str)]) -> Arc<System> {
    let mut settings = vec![
        ("SANDBOX__JOURNAL_MAX", "10000000"),
        ("SANDBOX__RESEND__RATE_LIMIT", "1000000"),
        ("NOTIFICATIONS__RESEND__RATE_PER_SECOND", "1000"),
        ("NOTIFICATIONS__SENDING_LEASE_SECS", "15"),
        ("PAYMENTS__IN_HAND_SECS", "15"),
        ("PAYMENTS__POLL__EVERY_SECS", "1"),
        ("PAYMENTS__DISPUTES__POLL_EVERY_SECS", "5"),
        ("AGAPE__RESTART_PAUSE_MAX_MS", "500"),
        ("INVENTORY__LIMITS__ORDERS_PER_USER", "0"),
        ("INVENTORY__LIMITS__UNITS_PER_USER", "0"),
        points.variable(),
    ];
    settings.extend_from_slice(more);
    let system = Arc::new(System::start(&settings));
    let seeded = system.run(&["seed", "--users", "60"]);
    assert!(seeded.status.success(), "{seeded:?}");
    system
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it takes minutes: `make prove` runs it"]
async fn a_storm_loses_and_doubles_nothing() {
    let length = setting("STORM_SECONDS").map_or(LENGTH, Duration::from_secs);
    weather(length, Patience::Mixed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_storm_loses_and_doubles_nothing() {
    weather(SHORT, Patience::Short).await;
}

async fn weather(length: Duration, patience: Patience) {
    let seed = setting("STORM_SEED").unwrap_or_else(rand::random);
    eprintln!("a storm of {length:?} from seed {seed}");
    let begun = Instant::now();
    let points = Arc::new(Points::new());
    let system = start(&points, &[("ORDERS__HOLD_SECS", "30")]);
    let (shopping, carts) = open(&system, (seed, patience)).await;
    eprintln!("it began after {:.1} s", begun.elapsed().as_secs_f64());
    let clerk = Clerk::new(&system).await.work(shopping.paid(), seed);
    let watch = Watch::begin(&system);
    let trouble = Trouble::new(&system, &points, seed);
    let until = Instant::now() + length;
    // The killing waits for processes, so it has a thread of its own.
    let toll = tokio::task::spawn_blocking(move || trouble.rage(until))
        .await
        .unwrap();
    eprintln!("{toll}");
    clerk.stop().await;
    let attempts = close(&system, shopping).await;
    watch.assert_bounded().await;
    judge(&system, attempts, &carts).await;
}

/// A process dies at each point of the list in turn. `make prove` runs it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it takes minutes: `make prove` runs it"]
async fn a_process_that_dies_at_any_point_of_a_sale_leaves_nothing_that_does_not_come_right() {
    let seed = setting("STORM_SEED").unwrap_or_else(rand::random);
    eprintln!("{} failpoints from seed {seed}", ALL.len());
    let points = Points::new();
    // Holds end while people shop, and payouts come at once.
    let often = [
        ("ORDERS__HOLD_SECS", "15"),
        ("PAYMENTS__SETTLEMENTS__EVERY_SECS", "1"),
    ];
    let system = start(&points, &often);
    let (shopping, carts) = open(&system, (seed, Patience::Mixed)).await;
    let clerk = Clerk::new(&system).await.work(shopping.paid(), seed);
    let mut order: Vec<_> = ALL.iter().collect();
    order.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
    let mut missed = Vec::new();
    for point in order {
        match points.strike(point.name, COMES_BY).await {
            Some(after) => {
                let seconds = after.as_secs_f64();
                eprintln!(
                    "{:32} reached   after {seconds:4.1} s: {}",
                    point.name, point.leaves
                );
            }
            None => {
                eprintln!("{:32} MISSED", point.name);
                missed.push(point.name);
            }
        }
    }
    clerk.stop().await;
    let attempts = close(&system, shopping).await;
    judge(&system, attempts, &carts).await;
    assert_eq!(missed, [""; 0], "nobody came to these points");
}

/// Lets people in: those who buy, and those with carts.
async fn open(system: &System, mood: (u64, Patience)) -> (Shoppers, Carts) {
    let mut tokens = shoppers::tokens(system);
    let idle = tokens.split_off(tokens.len() - CARTS);
    let items = shoppers::items(system).await;
    let carts = Carts::fill(system, &idle, &items).await;
    // Of one payment too little is taken, which people are to be asked about.
    let too_little = json!({ "paystack": { "complete": { "amountDelta": -100, "times": 1 } } });
    rest::put_faults(system, &too_little).await;
    let vendor = system.url("sandbox", "");
    let shopping = Shoppers::start(system, &vendor, (&tokens, &items), SHOPPERS, mood);
    shopping.are_at_it(3).await;
    rest::vendors_behave(system).await;
    (shopping, carts)
}

/// Lets everybody finish what they began.
async fn close(system: &System, shopping: Shoppers) -> Vec<Attempt> {
    rest::vendors_behave(system).await;
    let quiet = Instant::now();
    let attempts = shopping.stop().await;
    let seconds = quiet.elapsed().as_secs_f64();
    eprintln!("the last shopper left after {seconds:.1} s");
    attempts
}

async fn judge(system: &System, attempts: Vec<Attempt>, carts: &Carts) {
    let paid = attempts.iter().filter(|one| one.is_paid).count();
    eprintln!("{} orders were asked for, {paid} paid", attempts.len());
    let answers = attempts.into_iter().flat_map(|one| one.answers).collect();
    rest::assert_nothing_is_lost(system, answers).await;
    carts.assert_unchanged().await;
    assert!(paid > 2, "hardly anybody could buy");
}
