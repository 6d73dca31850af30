//! Going back: people buy, a backup is taken, they go on buying while processes are killed; then the database is brought back to a
//! moment of that, first beside the running one and then in its place.
//!
//! The payment vendor is a process of its own and remembers what the shop forgets. `STORM_SEED` has the same things happen.

use std::collections::BTreeSet;
use std::fs;
use std::process::Output;
use std::sync::Arc;
use std::time::{Duration, Instant};

use agape::given;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use common::clock::{Clock as _, SystemClock};
use common::ids;
use common::settings::Reader;
use local_stack::ports;
use prove::invariants::{Journals, Transaction};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::RequestBuilder;
use sandbox::config::Settings;
use sandbox::server::startup::Application;
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::shop::{client, post};
use crate::storm::points::Points;
use crate::storm::rest::{inside, look};
use crate::storm::shoppers::{self, Patience, Shoppers};
use crate::storm::trouble::Trouble;
use crate::system::{System, wait_for};

const SHOPPERS: usize = 3;
/// How long they buy before the backup is taken, and after the restoration.
const SOME_TIME: Duration = Duration::from_secs(2);
/// How long processes are killed.
const STORM: Duration = Duration::from_secs(5);
/// For so long everything may take to come to rest.
const REST: Duration = Duration::from_secs(90);
const KEY: &str = "sk_test_sandbox";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_goes_back_to_a_moment_of_a_storm_and_on_from_there() {
    let seed: u64 = given::parsed("STORM_SEED")
        .unwrap()
        .unwrap_or_else(rand::random);
    let began = Instant::now();
    let note = |what: &str| eprintln!("{:6.1} s  {what}", began.elapsed().as_secs_f64());
    note(&format!("seed {seed}"));
    let gateway = ports::find_free().unwrap().to_string();
    let vendor = Vendor::start(&gateway);
    let points = Arc::new(Points::new());
    let system = Arc::new(System::start(&[
        ("GATEWAY__PORT", &gateway),
        ("PAYMENTS__PAYSTACK__BASE_URL", &vendor.url("/paystack")),
        ("PAYMENTS__PAYSTACK__SECRET_KEY", KEY),
        ("SANDBOX__RESEND__RATE_LIMIT", "1000000"),
        ("INVENTORY__LIMITS__ORDERS_PER_USER", "0"),
        ("INVENTORY__LIMITS__UNITS_PER_USER", "0"),
        points.variable(),
    ]));
    succeeded(&system.run(&["seed", "--users", "20"]));
    let refused = system.run(&["restore"]);
    assert!(failed_with(&refused, "there is no backup"), "{refused:?}");

    note("people buy, and a backup is taken");
    let shoppers = people(&system, &vendor, seed).await;
    sleep(SOME_TIME).await;
    note(&succeeded(&system.run(&["backup", "--keep", "1"])));
    let from = backup_of(&system);
    succeeded(&system.run(&["prove", "check", "--in-motion"]));

    note("processes are killed");
    let trouble = Trouble::new(&system, &points, seed);
    let killing = tokio::task::spawn_blocking(move || trouble.rage(Instant::now() + STORM));
    let toll = killing.await.unwrap();
    let until = SystemClock.now();
    note(&toll.to_string());
    vendor.is_asked_for_more().await;
    shoppers.leave();
    note("somebody has begun to pay since, and paid");

    let seconds = (until - from).num_seconds();
    let chosen = Xoshiro256PlusPlus::seed_from_u64(seed).random_range(0..=seconds);
    let moment = from + TimeDelta::seconds(chosen);
    let at = moment.to_rfc3339_opts(SecondsFormat::Secs, true);
    note(&format!("going back to {at}, {chosen} s after the backup"));
    note(&succeeded(&system.run(&["restore", "--at", &at])));
    assert!(!system.state().join("restored").exists());
    refuses_what_it_should(&system, from);

    let mut system = Arc::into_inner(system).unwrap();
    system.stop();
    let paid_back = vendor.refunds().await;
    note(&succeeded(&system.run(&[
        "restore",
        "--at",
        &at,
        "--replace",
    ])));
    system.start_again();
    note("it runs again, and people buy");
    let shoppers = people(&system, &vendor, seed.wrapping_add(100)).await;
    sleep(SOME_TIME).await;
    let bought = shoppers.stop().await;
    assert!(bought.iter().any(|one| one.is_paid), "nobody could buy");

    note("what the vendor was paid since is asked for");
    let found = reconcile(&system).await;
    come_to_rest(&system, &vendor, &paid_back).await;
    let strangers = vendor.strangers(&system).await;
    note(&format!(
        "at rest; {} payments are not known",
        strangers.len()
    ));
    assert!(
        !strangers.is_empty(),
        "nothing was lost, so nothing is shown"
    );
    assert!(found.is_superset(&strangers), "{found:?} {strangers:?}");
    lost_events_are_sent_again(&system).await;
    note("an event that a consumer does not know is sent again");
}

/// Lets people in.
async fn people(system: &System, vendor: &Vendor, seed: u64) -> Shoppers {
    let (tokens, items) = (shoppers::tokens(system), shoppers::items(system).await);
    let mood = (seed, Patience::Short);
    Shoppers::start(system, &vendor.url(""), (&tokens, &items), SHOPPERS, mood)
}

/// Where everything has arrived, nothing is sent again; what a consumer does not know is, and it applies it.
async fn lost_events_are_sent_again(system: &System) {
    const FORGET: &str = "DELETE FROM notifications.inbox WHERE ctid IN
        (SELECT ctid FROM notifications.inbox WHERE consumer = 'notifications.on_order_paid' LIMIT 1) RETURNING event_id::text";
    const KNOWS: &str = "SELECT EXISTS (SELECT FROM notifications.inbox
        WHERE consumer = 'notifications.on_order_paid' AND event_id::text = $1)";
    let url = system.json("urls.json")["infrastructure"]["postgres"].clone();
    let admin = inside(url.as_str().unwrap()).await.unwrap();
    wait_for("every event to arrive", REST, || {
        succeeded(&system.run(&["republish"])).starts_with("0 events")
    });
    let forgotten: String = admin.query_one(FORGET, &[]).await.unwrap().get(0);
    assert!(!succeeded(&system.run(&["republish"])).starts_with("0 events"));
    let until = Instant::now() + REST;
    while !admin
        .query_one(KNOWS, &[&forgotten])
        .await
        .unwrap()
        .get::<_, bool>(0)
    {
        assert!(Instant::now() < until, "{forgotten} did not come again");
        sleep(Duration::from_millis(100)).await;
    }
}

/// Moments that are not covered, and a tree that runs.
fn refuses_what_it_should(system: &System, from: DateTime<Utc>) {
    let written = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    let early = system.run(&["restore", "--at", &written(from - TimeDelta::seconds(1))]);
    assert!(failed_with(&early, &written(from)), "{early:?}");
    let late = system.run(&["restore", "--at", &written(from + TimeDelta::days(1))]);
    assert!(failed_with(&late, &written(from)), "{late:?}");
    assert!(failed_with(&late, "the last transaction"), "{late:?}");
    let running = system.run(&["restore", "--replace"]);
    assert!(failed_with(&running, "this tree runs"), "{running:?}");
}

/// What it said, without the list of what holds.
fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    let lines = said.lines().filter(|line| !line.contains("  holds  "));
    lines.collect::<Vec<_>>().join("\n")
}

fn failed_with(output: &Output, text: &str) -> bool {
    !output.status.success() && String::from_utf8_lossy(&output.stderr).contains(text)
}

/// From when on the only backup can be restored.
fn backup_of(system: &System) -> DateTime<Utc> {
    let entries = fs::read_dir(system.state().join("backups")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let times: Vec<_> = names.filter_map(|name| name.parse().ok()).collect();
    assert_eq!(times.len(), 1, "{times:?}");
    times[0]
}

/// Has today compared with the vendor; answers which payments it found that the shop does not know.
async fn reconcile(system: &System) -> BTreeSet<String> {
    let token = finance(system).await;
    let runs = "/api/v1/admin/reconciliation/runs";
    // The shop is in Lagos, an hour ahead.
    let today = (SystemClock.now() + TimeDelta::hours(1)).date_naive();
    let body = json!({ "date": today });
    let key = ids::new_id().to_string();
    let asking = client().post(system.url("gateway", runs)).json(&body);
    let begun = answer(asking.header("Idempotency-Key", key), &token).await;
    let run = begun["data"]["run"]["id"].as_str().unwrap();
    let url = system.url("gateway", &format!("{runs}/{run}?limit=100"));
    let until = Instant::now() + REST;
    loop {
        let report = answer(client().get(&url), &token).await;
        if report["data"]["run"]["phase"] == "done" {
            let mismatches = report["data"]["mismatches"].as_array().unwrap();
            let unknown = mismatches
                .iter()
                .filter(|one| one["class"] == "missing-local");
            let reference = |one: &Value| one["reference"].as_str().unwrap().to_owned();
            return unknown.map(reference).collect();
        }
        assert!(Instant::now() < until, "{report}");
        sleep(Duration::from_millis(200)).await;
    }
}

async fn finance(system: &System) -> String {
    let accounts = system.json("accounts.json");
    let mut accounts = accounts.as_array().unwrap().iter();
    let account = accounts.find(|one| one["role"] == "finance").unwrap();
    let credentials = json!({ "email": account["email"], "password": account["password"] });
    let (_, body) = post(system, "/api/v1/auth/login", &credentials).await;
    body["data"]["accessToken"].as_str().unwrap().to_owned()
}

async fn answer(request: RequestBuilder, token: &str) -> Value {
    let response = request.bearer_auth(token).send().await.unwrap();
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    assert!(status.is_success(), "{status} {body}");
    body
}

/// Everything holds, with what the vendor knows of the payments that the shop still knows. What was paid back of those before the
/// restoration, and forgotten with it, is left out: a reconciliation finds it once it is ten minutes old, and no test waits so long.
async fn come_to_rest(system: &System, vendor: &Vendor, paid_back: &BTreeSet<String>) {
    let url = system.json("urls.json")["infrastructure"]["postgres"].clone();
    let known = "SELECT gateway_id FROM payments.refunds WHERE gateway_id IS NOT NULL";
    let until = Instant::now() + REST;
    loop {
        let mut journals = vendor.journals().await;
        let strangers = vendor.strangers(system).await;
        let provider = journals.provider.as_mut().unwrap();
        provider
            .transactions
            .retain(|one| !strangers.contains(&one.gateway_ref));
        let known = texts(system, known).await;
        provider.refunds.retain(|one| {
            let is_known = known.contains(&one.gateway_id) || !paid_back.contains(&one.gateway_id);
            is_known && !strangers.contains(&one.gateway_ref)
        });
        let report = look(url.as_str().unwrap(), &journals).await.unwrap();
        if report.is_clean() {
            return;
        }
        assert!(Instant::now() < until, "{report}");
        sleep(Duration::from_millis(500)).await;
    }
}

/// What a query of one column finds in the shop's database.
async fn texts(system: &System, sql: &str) -> BTreeSet<String> {
    let url = system.json("urls.json")["infrastructure"]["postgres"].clone();
    let admin = inside(url.as_str().unwrap()).await.unwrap();
    let rows = admin.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The payment vendor, which outlives the shop.
struct Vendor {
    origin: String,
    shutdown: CancellationToken,
}

impl Vendor {
    fn start(gateway: &str) -> Self {
        common::crypto::install_providers();
        let webhooks = format!("http://127.0.0.1:{gateway}/api/v1/payments/webhook");
        let variables = [
            ("SANDBOX__PORT", "0"),
            ("SANDBOX__OPS_PORT", "0"),
            ("SANDBOX__PAYSTACK__WEBHOOK_URL", webhooks.as_str()),
            ("SANDBOX__PAYSTACK__SECRET_KEY", KEY),
        ];
        let settings = Settings::read(Reader::from_pairs("sandbox", variables)).unwrap();
        let shutdown = CancellationToken::new();
        let sandbox =
            Application::build(settings, Arc::new(SystemClock), shutdown.clone()).unwrap();
        let origin = format!("http://{}", sandbox.addresses().unwrap().0);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(sandbox.run_until_stopped()).unwrap();
        });
        Self { origin, shutdown }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    async fn journals(&self) -> Journals {
        let answer = client().get(self.url("/_sandbox/journal")).send().await;
        let entries: Vec<Value> = answer.unwrap().json().await.unwrap();
        Journals {
            mail: None,
            ..Journals::of_sandbox(&entries).unwrap()
        }
    }

    /// Waits until it was asked for a payment that it had not been asked for yet, and has the money.
    async fn is_asked_for_more(&self) {
        let transactions = async || self.journals().await.provider.unwrap().transactions;
        let before = transactions().await.into_iter();
        let before: BTreeSet<String> = before.map(|one| one.gateway_ref).collect();
        let until = Instant::now() + REST;
        loop {
            let now = transactions().await;
            let is_new = |one: &Transaction| !before.contains(&one.gateway_ref);
            if now.iter().any(|one| one.is_captured && is_new(one)) {
                return;
            }
            assert!(Instant::now() < until, "nobody pays any more");
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// What it has paid back, by its own numbers.
    async fn refunds(&self) -> BTreeSet<String> {
        let refunds = self.journals().await.provider.unwrap().refunds;
        refunds.into_iter().map(|one| one.gateway_id).collect()
    }

    /// What it was paid for that the shop does not know.
    async fn strangers(&self, system: &System) -> BTreeSet<String> {
        let known = texts(system, "SELECT reference FROM payments.payments").await;
        let paid = self.journals().await.provider.unwrap().transactions;
        let paid = paid.into_iter().filter(|one| one.is_captured);
        let references = paid.map(|one| one.gateway_ref);
        references.filter(|one| !known.contains(one)).collect()
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
