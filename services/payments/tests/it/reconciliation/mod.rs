//! Comparing with the provider, on a world in which each kind of mismatch is planted.

mod classes;
mod http;
mod nights;
mod plant;
mod runs;

use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use common::{Clock as _, ids};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::Ask as _;
use uuid::Uuid;

use crate::app::TestApp;
use crate::shop::staff;

/// Attempts are asked about so seldom that nothing is found before a run finds it.
pub(crate) const QUIET: [(&str, &str); 2] = [
    ("POLL__EVERY_SECS", "8640000"),
    ("RECONCILIATION__LEASE_MS", "600"),
];

/// What was found, by class and by what it is about.
pub(crate) type Found = (String, Option<Uuid>, String);

impl TestApp {
    /// The day it is in the shop, which is in Lagos.
    pub fn today(&self) -> NaiveDate {
        (self.world.clock.now() + TimeDelta::hours(1)).date_naive()
    }

    /// Finance has a date compared.
    pub async fn begin_run(&self, date: NaiveDate) -> Uuid {
        let request = self.ask_as(
            staff(),
            "finance",
            Method::POST,
            "/admin/reconciliation/runs",
        );
        let request = request.header("idempotency-key", ids::new_id().to_string());
        let reply = request.json(&json!({ "date": date })).reply().await;
        let data = reply.assert_success(201);
        data["run"]["id"].as_str().unwrap().parse().unwrap()
    }

    /// Finance has today compared, an hour after everything has happened.
    pub async fn reconcile(&self) -> Uuid {
        self.world.clock.advance(TimeDelta::hours(1));
        let run = self.begin_run(self.today()).await;
        self.until_phase(run, "done").await;
        run
    }

    pub async fn until_phase(&self, run: Uuid, phase: &str) {
        let sql = format!(
            "SELECT phase, position, steps FROM payments.reconciliation_runs WHERE id = '{run}'"
        );
        for _ in 0..800 {
            if self.rows(&sql).await[0]["phase"] == phase {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("run {run} is not {phase}: {:?}", self.rows(&sql).await);
    }

    /// A run as finance reads it.
    pub async fn read_run(&self, run: Uuid) -> Value {
        let path = format!("/admin/reconciliation/runs/{run}?limit=100");
        let reply = self.get_as(staff(), "finance", &path).await;
        reply.assert_success(200).clone()
    }

    /// All mismatches of a run: class, payment, and what became of them.
    pub async fn found(&self, run: Uuid) -> Vec<Found> {
        let data = self.read_run(run).await;
        let mismatches = data["mismatches"].as_array().unwrap();
        let mut found: Vec<Found> = mismatches
            .iter()
            .map(|one| {
                let payment = one["paymentId"].as_str().map(|id| id.parse().unwrap());
                let text = |field: &str| one[field].as_str().unwrap().to_owned();
                (text("class"), payment, text("state"))
            })
            .collect();
        found.sort();
        found
    }
}
