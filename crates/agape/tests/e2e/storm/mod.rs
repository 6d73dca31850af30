//! The storm: shoppers buy while every process is killed in turn and the vendors misbehave. Once it is quiet, nothing may have
//! been lost or doubled, by what lies in all databases, at the vendors and with the shoppers.
//!
//! `STORM_SECONDS` makes it longer, and `STORM_SEED` has the same things happen in the same order.

pub(crate) mod shoppers;
pub(crate) mod trouble;

use std::sync::Arc;
use std::time::{Duration, Instant};

use agape::bootstrap::DATABASE;
use agape::given;
use prove::invariants::{Journals, Patience, Report, check};
use serde_json::{Value, json};
use tokio_postgres::{Client, Config, NoTls};

use self::shoppers::Shoppers;
use self::trouble::Trouble;
use crate::shop::client;
use crate::system::System;

/// How long it takes if nobody says otherwise.
const SHORT: Duration = Duration::from_secs(15);
/// For so long everything may take to come to rest.
const REST: Duration = Duration::from_secs(120);
/// Shoppers at a time.
const SHOPPERS: usize = 4;

fn setting(name: &str) -> Option<u64> {
    given::parsed(name).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it takes minutes: `make prove` runs it"]
async fn a_storm_loses_and_doubles_nothing() {
    let length = setting("STORM_SECONDS").map_or(SHORT, Duration::from_secs);
    let seed = setting("STORM_SEED").unwrap_or_else(rand::random);
    eprintln!("a storm of {length:?} from seed {seed}");
    let system = Arc::new(System::start(&[
        ("SANDBOX__JOURNAL_MAX", "10000000"),
        ("SANDBOX__RESEND__RATE_LIMIT", "1000000"),
        ("NOTIFICATIONS__RESEND__RATE_PER_SECOND", "1000"),
    ]));
    let seeded = system.run(&["seed", "--users", "60"]);
    assert!(seeded.status.success(), "{seeded:?}");

    let vendor = system.url("sandbox", "");
    let shoppers = Shoppers::start(&system, &vendor, SHOPPERS, seed).await;
    let trouble = Trouble::new(&system, seed);
    let until = Instant::now() + length;
    // The killing waits for processes, so it has a thread of its own.
    let killed = tokio::task::spawn_blocking(move || trouble.rage(until))
        .await
        .unwrap();
    vendors_behave(&system).await;
    let quiet = Instant::now();
    let attempts = shoppers.stop().await;
    eprintln!(
        "the last shopper left after {:.1} s",
        quiet.elapsed().as_secs_f64()
    );
    let paid = attempts.iter().filter(|one| one.is_paid).count();
    eprintln!(
        "{killed} were killed; {} orders were asked for, {paid} paid",
        attempts.len()
    );

    let journals = Journals {
        clients: Some(attempts.into_iter().flat_map(|one| one.answers).collect()),
        ..journals_of(&system).await
    };
    let rest = Instant::now();
    let report = come_to_rest(&system, journals).await;
    eprintln!("it rested after {:.1} s", rest.elapsed().as_secs_f64());
    eprintln!("{report}");
    assert_eq!(report.violated(), [""; 0]);
    assert!(paid > 5, "hardly anybody could buy");
}

/// Looks until nothing is wrong any more, or the time for that is over.
async fn come_to_rest(system: &System, mut journals: Journals) -> Report {
    let begun = Instant::now();
    let url = system.json("urls.json")["infrastructure"]["postgres"].clone();
    loop {
        let report = look(url.as_str().unwrap(), &journals).await;
        if report.is_clean() {
            return report;
        }
        if begun.elapsed() > REST {
            return report;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        journals = Journals {
            clients: journals.clients,
            ..journals_of(system).await
        };
    }
}

/// What is wrong at this moment, when nothing counts as under way any more.
pub(crate) async fn look(url: &str, journals: &Journals) -> Report {
    let patience = Patience {
        grace: Duration::ZERO,
        ..Patience::default()
    };
    let mut client = inside(url).await;
    check(&mut client, journals, patience).await.unwrap()
}

/// The services' database, on the server of an administrator's URL.
pub(crate) async fn inside(url: &str) -> Client {
    let mut config: Config = url.parse().unwrap();
    let connecting = config.dbname(DATABASE).connect(NoTls);
    let (client, connection) = connecting.await.unwrap();
    // It ends with the client.
    tokio::spawn(connection);
    client
}

async fn journals_of(system: &System) -> Journals {
    let url = system.url("sandbox", "/_sandbox/journal");
    let answer = client().get(url).send().await.unwrap();
    let entries: Vec<Value> = answer.json().await.unwrap();
    Journals::of_sandbox(&entries).unwrap()
}

async fn vendors_behave(system: &System) {
    let url = system.url("sandbox", "/_sandbox/faults");
    let answer = client().put(url).json(&json!({})).send().await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
}
