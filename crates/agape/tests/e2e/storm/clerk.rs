//! The shop's staff and the vendor's own doings: disputes, payouts, and comparing the books.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::{NaiveDate, TimeDelta};
use common::Clock as _;
use common::clock::SystemClock;
use common::ids;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::shoppers::Paid;
use crate::shop::{client, post};
use crate::system::System;

/// For so long a comparison may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How banks and shops end disputes.
const ENDS: [&str; 3] = ["declined", "merchant-accepted", "auto-accepted"];

/// One of finance, who asks again when nobody answers.
pub struct Clerk {
    client: Client,
    api: String,
    sandbox: String,
    token: String,
}

/// What a comparison left to people: the class and the provider's name for each payment.
pub type Open = BTreeSet<(String, String)>;

impl Clerk {
    /// Logs in.
    pub async fn new(system: &System) -> Self {
        let accounts = system.json("accounts.json");
        let mut accounts = accounts.as_array().unwrap().iter();
        let finance = accounts.find(|one| one["role"] == "finance").unwrap();
        let credentials = json!({ "email": finance["email"], "password": finance["password"] });
        let begun = Instant::now();
        let body = loop {
            let (status, body) = post(system, "/api/v1/auth/login", &credentials).await;
            if status.is_success() {
                break body;
            }
            // Whoever knows accounts may be starting again.
            assert!(begun.elapsed() < PATIENCE, "{body}");
            sleep(Duration::from_millis(200)).await;
        };
        Self {
            client: client(),
            api: system.url("gateway", "/api/v1"),
            sandbox: system.url("sandbox", "/_sandbox/paystack"),
            token: body["data"]["accessToken"].as_str().unwrap().to_owned(),
        }
    }

    /// Has disputes opened and ended, money paid out and books compared, until told to stop.
    pub fn work(self, paid: Paid, seed: u64) -> Working {
        let stop = Arc::new(AtomicBool::new(false));
        let dice = Xoshiro256PlusPlus::seed_from_u64(seed);
        let work = self.go_on(paid, dice, Arc::clone(&stop));
        Working {
            stop,
            task: tokio::spawn(work),
        }
    }

    async fn go_on(self, paid: Paid, mut dice: Xoshiro256PlusPlus, stop: Arc<AtomicBool>) {
        while !stop.load(Ordering::Relaxed) {
            let reference = paid.pick(&mut dice);
            if let Some(reference) = reference {
                let path = format!("/{reference}/dispute");
                self.control(&path, json!({ "category": "chargeback" }))
                    .await;
                sleep(Duration::from_millis(300)).await;
                let end = ENDS[dice.random_range(0..ENDS.len())];
                let path = format!("/{reference}/dispute/resolve");
                self.control(&path, json!({ "resolution": end })).await;
            }
            self.control("/settlements", json!({})).await;
            let date = json!({ "date": today() });
            self.ask(Method::POST, "/admin/reconciliation/runs", Some(&date))
                .await;
            sleep(Duration::from_millis(500)).await;
        }
    }

    /// Compares today with the provider to the end; answers what is left to people.
    pub async fn compare(&self) -> Open {
        let begun = Instant::now();
        let date = json!({ "date": today() });
        let run = loop {
            let asked = self.ask(Method::POST, "/admin/reconciliation/runs", Some(&date));
            let answer = asked.await;
            if let Some(id) = answer.as_ref().and_then(|a| a.pointer("/data/run/id")) {
                break id.as_str().unwrap().to_owned();
            }
            // One that was begun before goes on.
            assert!(begun.elapsed() < PATIENCE, "no run begins: {answer:?}");
            sleep(Duration::from_millis(200)).await;
        };
        loop {
            let path = format!("/admin/reconciliation/runs/{run}?limit=100");
            let answer = self.ask(Method::GET, &path, None).await.unwrap_or_default();
            if answer["data"]["run"]["phase"] == "done" {
                return open_of(&answer);
            }
            assert!(begun.elapsed() < PATIENCE, "the run does not end: {answer}");
            sleep(Duration::from_millis(200)).await;
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Option<Value> {
        let request = self
            .client
            .request(method, format!("{}{path}", self.api))
            .bearer_auth(&self.token)
            .header("Idempotency-Key", ids::new_id().to_string())
            .timeout(Duration::from_secs(10));
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        request.send().await.ok()?.json().await.ok()
    }

    /// Whatever the vendor says to it: it may have been disputed before.
    async fn control(&self, path: &str, body: Value) {
        let url = format!("{}{path}", self.sandbox);
        let _ = self.client.post(url).json(&body).send().await;
    }
}

fn open_of(answer: &Value) -> Open {
    let data = &answer["data"];
    let pages = data["pagination"]["totalPages"].as_u64();
    assert!(pages.is_some_and(|pages| pages <= 1), "{data}");
    let mismatches = data["mismatches"].as_array().unwrap().iter();
    let open = mismatches.filter(|one| one["state"] == "open");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    open.map(|one| (text(&one["class"]), text(&one["reference"])))
        .collect()
}

/// The date in the shop's zone.
fn today() -> NaiveDate {
    (SystemClock.now() + TimeDelta::hours(1)).date_naive()
}

/// A clerk at work.
pub struct Working {
    stop: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Working {
    /// Lets the clerk finish.
    pub async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
    }
}
