//! Each night once, whoever is there, and also those that were missed.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use common::Clock as _;
use payments::config::Settings;

use super::QUIET;
use crate::app::TestApp;

fn nightly() -> Vec<(&'static str, &'static str)> {
    let mut variables = QUIET.to_vec();
    variables.push(("RECONCILIATION__NIGHTLY", "true"));
    variables
}

/// Two o'clock in Lagos on the day after one.
fn night_after(day: NaiveDate) -> DateTime<Utc> {
    let midnight = (day + chrono::Days::new(1)).and_hms_opt(1, 0, 0).unwrap();
    midnight.and_utc()
}

async fn nights(app: &TestApp, count: usize) -> Vec<String> {
    let sql = "SELECT business_date::text AS date, kind FROM payments.reconciliation_runs
        WHERE finished_at IS NOT NULL ORDER BY business_date";
    for _ in 0..400 {
        let rows = app.rows(sql).await;
        if rows.len() >= count {
            assert!(rows.iter().all(|row| row["kind"] == "nightly"));
            let dates = rows.iter().map(|row| row["date"].as_str().unwrap());
            return dates.map(str::to_owned).collect();
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{count} nights did not come: {:?}", app.rows(sql).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_night_comes_once_and_missed_ones_are_made_up_for() {
    let app = TestApp::start_with(&nightly()).await;
    let _beside = TestApp::start_in(Arc::clone(&app.world), &nightly()).await;
    app.kept().await;
    let day = app.today();
    let date = |days: u64| (day + chrono::Days::new(days)).to_string();
    let clock = &app.world.clock;
    clock.set(night_after(day) - TimeDelta::seconds(1));
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    assert_eq!(app.count("reconciliation_runs").await, 0);
    clock.set(night_after(day) + TimeDelta::seconds(1));
    assert_eq!(nights(&app, 1).await, [date(0)]);
    // The clock is put back, and everything was away for two nights.
    clock.advance(TimeDelta::hours(-2));
    clock.set(clock.now() + TimeDelta::days(2) + TimeDelta::hours(3));
    assert_eq!(nights(&app, 3).await, [date(0), date(1), date(2)]);
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    assert_eq!(app.count("reconciliation_runs").await, 3);
    let told = app.promised("reconciliation.completed").await;
    assert_eq!(told.len(), 3);
    assert_eq!(told[0]["data"]["classes"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_compares_a_date_to_its_end_and_does_nothing_twice() {
    let app = TestApp::start_with(&QUIET).await;
    app.kept().await;
    app.world.clock.advance(TimeDelta::hours(1));
    let (day, world) = (app.today(), app.crash());
    let files = tempfile::tempdir().unwrap();
    let settings = || -> Settings { crate::app::settings(&files, &world, &QUIET) };
    for _ in 0..2 {
        let clock = Arc::new(world.clock.clone());
        payments::startup::reconcile(settings(), clock, Some(day))
            .await
            .unwrap();
        let runs = test_support::service::rows(
            &world.db,
            "SELECT phase, business_date::text AS date FROM payments.reconciliation_runs",
        );
        let runs = runs.await;
        assert_eq!(runs.len(), 1);
        assert_eq!(
            (&runs[0]["phase"], runs[0]["date"].as_str()),
            (&"done".into(), Some(day.to_string().as_str()))
        );
    }
    let clock = Arc::new(world.clock.clone());
    let tomorrow = day + chrono::Days::new(1);
    let refused = payments::startup::reconcile(settings(), clock, Some(tomorrow)).await;
    assert!(refused.unwrap_err().to_string().contains("date"));
}
