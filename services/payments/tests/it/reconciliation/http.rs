//! What finance asks and says.

use chrono::{Days, TimeDelta};
use common::ids;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::Ask as _;
use uuid::Uuid;

use super::QUIET;
use crate::app::TestApp;
use crate::paystack::Fault;
use crate::shop::staff;

const RUNS: &str = "/admin/reconciliation/runs";

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_for_those_who_look_after_money() {
    let app = TestApp::start_with(&QUIET).await;
    let (run, mismatch) = (ids::new_id(), ids::new_id());
    let resolve = format!("{RUNS}/{run}/mismatches/{mismatch}/resolve");
    let (one, csv) = (format!("{RUNS}/{run}"), format!("{RUNS}/{run}/report.csv"));
    let date = json!({ "date": app.today() });
    let resolution = json!({ "outcome": "accepted", "note": "x" });
    let asked = [
        (Method::GET, RUNS, Value::Null),
        (Method::GET, &one, Value::Null),
        (Method::GET, &csv, Value::Null),
        (Method::POST, RUNS, date),
        (Method::POST, &resolve, resolution),
    ];
    for (method, path, body) in &asked {
        for role in ["customer", "merchant", "fulfilment"] {
            let request = app.ask_as(staff(), role, method.clone(), path).json(body);
            let reply = request.reply().await;
            reply.assert_error(403, "AUTHORIZATION_ERROR");
        }
        let nobody = app.request(method.clone(), &format!("/api/v1{path}"));
        let reply = nobody.json(body).reply().await;
        reply.assert_error(401, "AUTHENTICATION_ERROR");
    }
    assert_eq!(app.count("reconciliation_runs").await, 0);
    for (method, path, body) in &asked[1..] {
        if *path == RUNS {
            continue;
        }
        let request = app.ask_as(staff(), "finance", method.clone(), path);
        let reply = request.json(body).reply().await;
        reply.assert_error(404, "NOT_FOUND");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_is_compared_by_one_run_at_a_time() {
    let app = TestApp::start_with(&QUIET).await;
    for bad in [
        json!({}),
        json!({ "date": "soon" }),
        json!({ "date": "2026-02-30" }),
        json!({ "date": app.today() + Days::new(1) }),
        json!({ "date": "1990-01-01" }),
        json!({ "date": app.today(), "kind": "nightly" }),
    ] {
        let reply = app.post_keyed("finance", RUNS, "k0", &bad).await;
        reply.assert_error(400, "VALIDATION_ERROR");
    }
    let stuck = [const { Fault::Error500 }; 100];
    app.world.paystack.fail("list_transactions", &stuck);
    let body = json!({ "date": app.today() });
    let first = app.post_keyed("finance", RUNS, "k1", &body).await;
    let run = first.assert_success(201)["run"].clone();
    assert_eq!(
        (&run["kind"], &run["phase"]),
        (&json!("manual"), &json!("transactions"))
    );
    assert_eq!(run["requestedBy"], json!(staff()));
    let replayed = app.post_keyed("finance", RUNS, "k1", &body).await;
    assert_eq!(replayed.assert_success(201)["run"]["id"], run["id"]);
    let other = app.post_keyed("finance", RUNS, "k2", &body).await;
    other.assert_error(409, "INVALID_STATE");
    app.world.paystack.behave();
    app.until_phase(run["id"].as_str().unwrap().parse().unwrap(), "done")
        .await;
    // The same key works once it can.
    let again = app.post_keyed("finance", RUNS, "k2", &body).await;
    again.assert_success(201);
    let listed = app.get_as(staff(), "admin", RUNS).await;
    let listed = listed.assert_success(200);
    assert_eq!(listed["pagination"]["total"], 2);
    assert_eq!(listed["runs"][1]["id"], run["id"]);
    let audited = app
        .rows("SELECT action FROM payments.audit_events WHERE action = 'reconciliation.requested'")
        .await;
    assert_eq!(audited.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_are_those_of_the_day() {
    let app = TestApp::start_with(&QUIET).await;
    let (today, before) = (app.kept().await, app.kept().await);
    let now = common::Clock::now(&app.world.clock);
    app.world
        .paystack
        .change(&today.reference, |one| one.paid_at = now);
    app.world.paystack.change(&before.reference, |one| {
        one.paid_at = now - TimeDelta::days(1);
    });
    let day = app.today();
    app.world.clock.advance(TimeDelta::hours(1));
    let run = app.begin_run(day).await;
    app.until_phase(run, "done").await;
    let data = app.read_run(run).await;
    let totals = data["totals"].as_array().unwrap();
    assert_eq!(totals.len(), 1, "{data}");
    for (field, expected) in [
        ("currency", json!("NGN")),
        ("transactions", json!(1)),
        ("gross", json!(1500.0)),
        ("fees", json!(15.0)),
        ("net", json!(1485.0)),
        ("refunds", json!(0)),
    ] {
        assert_eq!(totals[0][field], expected, "{field}");
    }
    assert_eq!(data["classes"], json!([]));
    let told = app.promised("reconciliation.completed").await;
    assert_eq!(told[0]["data"]["runId"], json!(run));
    assert_eq!(told[0]["data"]["totals"][0]["net"], json!(1485.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_resolve_a_mismatch_once_and_are_not_asked_again_about_the_same() {
    let app = TestApp::start_with(&QUIET).await;
    let gone = app.kept().await;
    app.world.paystack.forget(&gone.reference);
    let run = app.reconcile().await;
    let data = app.read_run(run).await;
    let mismatch = &data["mismatches"][0];
    assert_eq!(mismatch["class"], "missing-gateway");
    assert_eq!(mismatch["ours"]["paidMinor"], 150_000);
    assert_eq!(mismatch["theirs"], Value::Null);
    let id = mismatch["id"].as_str().unwrap();
    let path = format!("{RUNS}/{run}/mismatches/{id}/resolve");
    let resolve = async |path: &str, body: &Value| {
        let request = app.ask_as(staff(), "finance", Method::POST, path);
        request.json(body).reply().await
    };
    for bad in [
        json!({ "outcome": "accepted" }),
        json!({ "outcome": "gone", "note": "x" }),
        json!({ "outcome": "accepted", "note": " " }),
        json!({ "outcome": "accepted", "note": "x".repeat(1_001) }),
    ] {
        resolve(&path, &bad)
            .await
            .assert_error(400, "VALIDATION_ERROR");
    }
    let body = json!({ "outcome": "written_off", "note": "the provider lost it" });
    let elsewhere = format!("{RUNS}/{}/mismatches/{id}/resolve", Uuid::nil());
    resolve(&elsewhere, &body)
        .await
        .assert_error(404, "NOT_FOUND");
    let resolved = resolve(&path, &body).await;
    let resolved = resolved.assert_success(200);
    assert_eq!(resolved["mismatch"]["state"], "resolved");
    assert_eq!(resolved["mismatch"]["resolvedBy"], json!(staff()));
    resolve(&path, &body)
        .await
        .assert_error(409, "INVALID_STATE");
    assert!(app.open_attention().await.is_empty());
    let audited = app
        .rows("SELECT metadata FROM payments.audit_events WHERE action = 'reconciliation.mismatch_resolved'")
        .await;
    assert_eq!(audited.len(), 1);
    let again = app.reconcile().await;
    let found = app.found(again).await;
    assert_eq!(
        found,
        [(
            "missing-gateway".to_owned(),
            Some(gone.id),
            "resolved".to_owned()
        )]
    );
    assert!(app.open_attention().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_a_file_without_formulas() {
    let app = TestApp::start_with(&QUIET).await;
    app.world.paystack.sell_elsewhere("=1+1");
    let gone = app.kept().await;
    app.world.paystack.forget(&gone.reference);
    let run = app.reconcile().await;
    let path = format!("{RUNS}/{run}/report.csv");
    let request = app.ask_as(staff(), "finance", Method::GET, &path);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(header("cache-control"), "no-store");
    assert!(header("content-disposition").contains(&format!("reconciliation-{}.csv", app.today())));
    let text = response.text().await.unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].starts_with("mismatchId,class,state,"));
    assert!(text.contains(",'=1+1,"), "{text}");
    assert!(
        text.contains(&format!("missing-gateway,open,people,{}", gone.id)),
        "{text}"
    );
    assert!(text.contains(",1500.00,NGN,"), "{text}");
}
