//! How long it takes to compare a day with the provider, how much memory that needs, and whether exactly what was planted is found.
//!
//! `reconcile_scale [transactions]` (10,000 unless given)
//!
//! A PostgreSQL and the sandbox of its own; the sandbox's customers pay, our rows are written from what it says, and mismatches of
//! each class are planted. Then this program runs once more as a process of its own, which compares the day as `payments reconcile`
//! does, so that its memory is its own. One line of JSON is printed.

mod plant;
mod vendor;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use common::Clock as _;
use common::clock::SystemClock;
use common::settings::Reader;
use payments::config::Settings;
use payments::startup::MIGRATIONS;
use serde_json::{Value, json};
use test_support::{FakeClock, TestDb, run_migrations, service};

use plant::Planted;
use vendor::Vendor;

/// How this program is told to be the one that compares.
const COMPARE: &str = "--compare";

fn main() -> Result<()> {
    common::crypto::install_providers();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Runtime::new()?;
    if arguments.first().is_some_and(|first| first == COMPARE) {
        let variables = arguments.get(1).context("no settings")?;
        return runtime.block_on(compare(variables));
    }
    let count = arguments.first().map_or(Ok(10_000), |text| text.parse())?;
    runtime.block_on(measure(count))
}

/// Compares the day before yesterday, by a clock that stands a day and a half after it.
async fn compare(variables: &str) -> Result<()> {
    let pairs: Vec<(String, String)> = serde_json::from_str(variables)?;
    let pairs = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let settings = Settings::read(Reader::from_pairs("payments", pairs))?;
    let now = SystemClock.now();
    let clock = Arc::new(FakeClock::at(now));
    payments::startup::reconcile(settings, clock, Some(day(now).date_naive())).await?;
    print_peak()
}

#[expect(clippy::print_stdout, reason = "this is what the process is for")]
fn print_peak() -> Result<()> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!("{}", peak.context("no peak")?.trim());
    Ok(())
}

/// Noon of the day that is compared.
fn day(now: DateTime<Utc>) -> DateTime<Utc> {
    let begin = now - TimeDelta::days(2);
    begin
        .date_naive()
        .and_time(chrono::NaiveTime::MIN)
        .and_utc()
        + TimeDelta::hours(12)
}

async fn measure(count: usize) -> Result<()> {
    ensure!(count >= 1_000, "fewer tell nothing");
    let prepare = |owner: &str| run_migrations(owner, MIGRATIONS);
    let db = tokio::task::spawn_blocking(move || TestDb::start("payments", prepare)).await?;
    let began_at = day(SystemClock.now());
    let vendor = Vendor::start(FakeClock::at(began_at), count)?;
    let transactions = vendor.sell(count).await?;
    let planted = plant::plant(&db, &vendor, &transactions, began_at).await?;
    let files = tempfile::tempdir()?;
    let variables = variables(&files, &db, &vendor)?;
    let began = Instant::now();
    let ended = tokio::process::Command::new(std::env::current_exe()?)
        .args([COMPARE, &serde_json::to_string(&variables)?])
        .output()
        .await?;
    let took = began.elapsed();
    let said = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "it did not come to its end: {said}");
    let found = found(&db).await;
    print(&json!({
        "transactions": count,
        "seconds": format!("{}.{:03}", took.as_secs(), took.subsec_millis()),
        "peakMemory": String::from_utf8_lossy(&ended.stdout).trim(),
        "planted": planted.len(),
        "found": found.len(),
        "recall": share(&planted, &found),
        "precision": share(&found, &planted),
        "missed": some(planted.difference(&found)),
        "false": some(found.difference(&planted)),
    }));
    Ok(())
}

fn variables(
    files: &tempfile::TempDir,
    db: &TestDb,
    vendor: &Vendor,
) -> Result<Vec<(String, String)>> {
    let mut variables = service::variables("payments", "orders", files, db, "http://127.0.0.1:1");
    let key = |byte: u8| STANDARD.encode([byte; 32]);
    let pii = json!({ "current": "k1", "keys": { "k1": key(1) }, "index": key(2) });
    let pii = service::secret_file(files, "pii.json", pii.to_string().as_bytes());
    for (name, value) in [
        (
            "PAYSTACK__BASE_URL",
            format!("{}/paystack", vendor.origin()),
        ),
        ("PAYSTACK__SECRET_KEY", vendor::KEY.to_owned()),
        ("PII__KEYS_FILE", pii),
    ] {
        variables.push((format!("PAYMENTS__{name}"), value));
    }
    Ok(variables)
}

/// Class and subject of everything that was found.
async fn found(db: &TestDb) -> BTreeSet<Planted> {
    let sql = "SELECT class, subject FROM payments.reconciliation_mismatches";
    let rows = service::rows(db, sql).await;
    let text = |row: &Value, field: &str| {
        let text = row.get(field).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let found = rows
        .iter()
        .map(|row| (text(row, "class"), text(row, "subject")));
    found.collect()
}

/// How much of one set is in the other, in per cent.
fn share(of: &BTreeSet<Planted>, within: &BTreeSet<Planted>) -> String {
    let common = of.intersection(within).count();
    let per_mille = (common * 1_000).checked_div(of.len()).unwrap_or(1_000);
    format!("{}.{} %", per_mille / 10, per_mille % 10)
}

fn some<'a>(of: impl Iterator<Item = &'a Planted>) -> Vec<&'a Planted> {
    of.take(10).collect()
}

#[expect(clippy::print_stdout, reason = "this is what it is run for")]
fn print(line: &Value) {
    println!("{line}");
}
