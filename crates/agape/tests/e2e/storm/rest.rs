//! When everything has come to rest: by what lies in all databases, at the vendors, with the shoppers and in the broker.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use agape::bootstrap::DATABASE;
use local_stack::RabbitMq;
use prove::invariants::{ClientOp, Journals, Patience, Report, check};
use serde_json::{Value, json};
use tokio_postgres::{Client, Config, NoTls};

use super::clerk::{Clerk, Open};
use super::processes;
use crate::shop::client;
use crate::system::System;

/// For so long everything may take to come to rest: a refund that the provider makes, and of which a dead process and a lost webhook
/// told nothing, is looked up after five minutes. Mostly it is seconds.
const REST: Duration = Duration::from_secs(360);
/// Nobody holds a transaction open without doing anything in it for so long.
const IDLE: Duration = Duration::from_secs(10);

/// Asserts that nothing was lost or doubled, once it has come to rest.
pub async fn assert_nothing_is_lost(system: &System, answers: Vec<ClientOp>) {
    let begun = Instant::now();
    let seconds = || begun.elapsed().as_secs_f64();
    let report = databases_agree(system, answers).await;
    eprintln!("{report}databases rested after {:.1} s", seconds());
    assert_eq!(report.violated(), [""; 0]);
    broker_is_empty(system).await;
    eprintln!("I29   holds     after {:.1} s", seconds());
    // What lists are compared is what was really planted: amounts that the provider took otherwise.
    let open = Clerk::new(system).await.compare().await;
    let planted = taken_otherwise(&journal(system).await);
    eprintln!(
        "I31   compared  {} planted, {} found",
        planted.len(),
        open.len()
    );
    assert_eq!(open, planted);
    processes::assert_no_panics(system);
}

/// Looks until nothing is wrong any more, or the time for that is over.
async fn databases_agree(system: &System, answers: Vec<ClientOp>) -> Report {
    let begun = Instant::now();
    let url = system.json("urls.json")["infrastructure"]["postgres"].clone();
    let clients = Some(answers);
    let mut waits_for = Vec::new();
    loop {
        let journals = Journals {
            clients: clients.clone(),
            ..Journals::of_sandbox(&journal(system).await).unwrap()
        };
        let looked = look(url.as_str().unwrap(), &journals).await;
        let is_over = begun.elapsed() > REST;
        let report = match looked {
            Ok(report) if report.is_clean() || is_over => return report,
            Ok(report) => report,
            // The server may be starting again.
            Err(error) => {
                assert!(!is_over, "the database does not answer: {error}");
                tokio::time::sleep(Duration::from_millis(500)).await;
                continue;
            }
        };
        if waits_for != report.violated() {
            waits_for = report.violated();
            let seconds = begun.elapsed().as_secs_f64();
            eprintln!(
                "after {seconds:5.1} s it waits for {}",
                waits_for.join(", ")
            );
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// What is wrong at this moment, when nothing counts as under way any more.
pub async fn look(url: &str, journals: &Journals) -> anyhow::Result<Report> {
    let patience = Patience {
        grace: Duration::ZERO,
        idle: IDLE,
    };
    let mut client = inside(url).await?;
    check(&mut client, journals, patience).await
}

/// The services' database, on the server of an administrator's URL.
pub async fn inside(url: &str) -> anyhow::Result<Client> {
    let mut config: Config = url.parse()?;
    let connecting = config.dbname(DATABASE).connect(NoTls);
    let (client, connection) = connecting.await?;
    // It ends with the client.
    tokio::spawn(connection);
    Ok(client)
}

/// Everything that the vendors did.
pub async fn journal(system: &System) -> Vec<Value> {
    let url = system.url("sandbox", "/_sandbox/journal");
    let answer = client().get(url).send().await.unwrap();
    answer.json().await.unwrap()
}

/// From now on the vendors do as they are asked.
pub async fn vendors_behave(system: &System) {
    put_faults(system, &json!({})).await;
}

/// From now on they do this.
pub async fn put_faults(system: &System, faults: &Value) {
    let url = system.url("sandbox", "/_sandbox/faults");
    let answer = client().put(url).json(faults).send().await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
}

/// Waits until no queue holds anything and every consumer has its own.
async fn broker_is_empty(system: &System) {
    let begun = Instant::now();
    let mut waits_for = Vec::new();
    loop {
        let unrest = unrest(&system.state().join("rabbitmq"));
        if unrest.is_empty() {
            return;
        }
        if waits_for != unrest {
            let seconds = begun.elapsed().as_secs_f64();
            let (count, first) = (unrest.len(), &unrest[0]);
            eprintln!(
                "after {seconds:5.1} s {count} queues hold something or are not read, such as {first}"
            );
            waits_for.clone_from(&unrest);
        }
        assert!(
            begun.elapsed() < REST,
            "the broker is not empty: {unrest:?}"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Queues that hold something, or that nobody reads. Dead letters lie in the database by now, and retries come back by themselves.
fn unrest(broker: &Path) -> Vec<String> {
    let arguments = [
        "list_queues",
        "--no-table-headers",
        "name",
        "messages",
        "consumers",
    ];
    let Ok(listed) = RabbitMq::control_at(broker, &arguments) else {
        return vec!["it does not answer".to_owned()];
    };
    let is_unrest = |line: &&str| {
        let mut words = line.split_whitespace();
        let (name, messages) = (words.next().unwrap_or_default(), words.next());
        let is_read = name.starts_with("agape.retry.") || words.next() != Some("0");
        messages != Some("0") || !is_read
    };
    let queues: BTreeSet<&str> = listed.lines().filter(|line| !line.is_empty()).collect();
    if queues.is_empty() {
        return vec!["there are no queues".to_owned()];
    }
    queues
        .into_iter()
        .filter(is_unrest)
        .map(str::to_owned)
        .collect()
}

/// Payments that the provider took otherwise than it was asked to, unless a lost dispute has settled the matter.
fn taken_otherwise(journal: &[Value]) -> Open {
    let reference = |fact: &Value| fact["reference"].as_str().unwrap().to_owned();
    let is_lost = |fact: &&Value| {
        fact["kind"] == "refund" && fact["status"] == "processed" && !fact["dispute"].is_null()
    };
    let lost: BTreeSet<String> = journal.iter().filter(is_lost).map(reference).collect();
    let is_otherwise = |fact: &&Value| {
        fact["kind"] == "transaction"
            && fact["event"] == "completed"
            && fact["status"] == "success"
            && fact["amount"] != fact["requestedAmount"]
    };
    let taken = journal.iter().filter(is_otherwise).map(reference);
    taken
        .filter(|one| !lost.contains(one))
        .map(|one| ("amount".to_owned(), one))
        .collect()
}
