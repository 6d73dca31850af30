//! What the shop's bank shows, and which settlement arrived with it.

use chrono::TimeDelta;
use common::{Clock as _, ids};
use serde_json::{Value, json};
use test_support::service::{Ask as _, Reply};

use crate::settlements::NET;
use crate::vendor::Shop;
use crate::world::amount;

impl Shop {
    /// Finance enters what the bank shows of today.
    async fn enter(&self, reference: &str, minor: i64) -> Reply {
        let today = self.app.world.clock.now().date_naive();
        let body = json!({
            "reference": reference, "amount": amount(minor), "currency": "NGN", "valueDate": today,
        });
        let path = "/admin/settlements/bank-credits";
        let key = ids::new_id().to_string();
        self.app.post_keyed("finance", path, &key, &body).await
    }

    async fn match_by_hand(&self, settlement: &str, credit: &Value, key: &str) -> Reply {
        let path = format!("/admin/settlements/{settlement}/match");
        let body = json!({ "bankCreditId": credit["id"] });
        self.app.post_keyed("finance", &path, key, &body).await
    }

    /// One payment, paid out; answers our id of the settlement.
    async fn one_paid_out(&self) -> String {
        self.kept().await;
        let settled = self.settle(&json!({})).await;
        self.until_booked(&settled, "success").await
    }

    async fn settlements(&self, query: &str) -> Vec<Value> {
        let listed = self.get(&format!("/admin/settlements{query}")).await;
        let listed = listed.assert_success(200)["settlements"].clone();
        listed.as_array().unwrap().clone()
    }
}

fn credit(reply: &Reply) -> Value {
    reply.assert_success(201)["bankCredit"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_only_be_one_settlement_is_matched_whichever_is_known_first() {
    let shop = Shop::paid_out().await;
    let early = credit(&shop.enter("EARLY", NET).await);
    assert_eq!(early["settlementId"], Value::Null);
    let first = shop.one_paid_out().await;
    let path =
        format!("SELECT 1 AS one FROM payments.bank_credits WHERE settlement_id = '{first}'");
    shop.app.until("the credit is matched", &path).await;
    shop.kept().await;
    let second = shop.settle(&json!({ "withheld": 100 })).await;
    let second = shop.until_booked(&second, "success").await;
    assert_eq!(shop.settlements("?matched=false").await.len(), 1);
    let late = credit(&shop.enter("LATE", NET - 100).await);
    assert_eq!(late["settlementId"], json!(second));
    assert_eq!(late["matchedBy"], Value::Null);
    // The same credit is entered once.
    let again = shop.enter("LATE", NET - 100).await;
    again.assert_error(409, "CONFLICT");
    let other = credit(&shop.enter("OTHER", NET).await);
    assert_eq!(other["settlementId"], Value::Null, "nothing is left for it");
    assert_eq!(shop.settlements("?matched=true").await.len(), 2);
    let unmatched = shop
        .get("/admin/settlements/bank-credits?matched=false")
        .await;
    assert_eq!(unmatched.assert_success(200)["bankCredits"], json!([other]));

    let today = shop.app.world.clock.now().date_naive();
    let sums = shop
        .get(&format!("/admin/settlements/summary?date={today}"))
        .await;
    let sums = sums.assert_success(200)["currencies"][0].clone();
    for (field, expected) in [
        ("currency", json!("NGN")),
        ("settlements", json!(2)),
        ("gross", amount(300_000)),
        ("fees", amount(4_500)),
        ("deductions", amount(100)),
        ("net", amount(2 * NET - 100)),
        ("credited", amount(2 * NET - 100)),
        ("difference", amount(0)),
    ] {
        assert_eq!(sums[field], expected, "{field}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_two_is_matched_by_hand() {
    let shop = Shop::paid_out().await;
    let (first, second) = (shop.one_paid_out().await, shop.one_paid_out().await);
    let one = credit(&shop.enter("ONE", NET).await);
    assert_eq!(one["settlementId"], Value::Null, "it may be either");
    let matched = shop.match_by_hand(&second, &one, "a").await;
    let shown = matched.assert_success(200)["settlement"].clone();
    assert_eq!(shown["bankCreditId"], one["id"]);
    assert_eq!(shown["credited"], amount(NET));
    let again = shop.match_by_hand(&second, &one, "a").await;
    assert_eq!(
        again.assert_success(200)["settlement"],
        shown,
        "a repetition"
    );
    // Now there is one left for the next.
    let two = credit(&shop.enter("TWO", NET).await);
    assert_eq!(two["settlementId"], json!(first));
    for (settlement, credit) in [(&second, &one), (&second, &two), (&first, &one)] {
        let refused = shop.match_by_hand(settlement, credit, "b").await;
        refused.assert_error(409, "INVALID_STATE");
    }
    // What was matched wrongly is put right, by people alone.
    let path = format!("/admin/settlements/{first}/unmatch");
    let taken = shop.app.post_keyed("finance", &path, "u", &json!({})).await;
    let taken = taken.assert_success(200)["settlement"].clone();
    assert_eq!(taken["bankCreditId"], Value::Null);
    let again = shop.app.post_keyed("finance", &path, "v", &json!({})).await;
    again.assert_error(409, "INVALID_STATE");
    shop.until_read_again().await;
    assert_eq!(shop.settlements("?matched=true").await.len(), 1);
    let anew = shop.match_by_hand(&first, &two, "c").await;
    anew.assert_success(200);
    let by_hand = "SELECT count(*) AS many FROM payments.bank_credits WHERE matched_by IS NOT NULL";
    assert_eq!(shop.app.rows(by_hand).await[0]["many"], 2);
    let audited = shop
        .app
        .rows("SELECT string_agg(split_part(action, '.', 2), ' ' ORDER BY id) AS actions FROM payments.audit_events
               WHERE action IN ('settlement.matched', 'settlement.credited', 'settlement.unmatched')")
        .await;
    let expected = json!([{ "actions": "matched credited unmatched matched" }]);
    assert_eq!(json!(audited), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_arrive_is_put_before_people_until_it_does() {
    let shop = Shop::paid_out_with(&[("SETTLEMENTS__CREDIT_DUE_DAYS", "2")]).await;
    let id = shop.one_paid_out().await;
    shop.app.world.clock.advance(TimeDelta::days(1));
    shop.until_read_again().await;
    assert!(shop.doubts().await.is_empty());
    shop.app.world.clock.advance(TimeDelta::days(2));
    shop.app.until_attention("settlement").await;
    let doubts = shop.doubts().await;
    assert_eq!(doubts.len(), 1);
    assert_eq!(doubts[0]["reason"], "no_bank_credit");
    assert_eq!(doubts[0]["settlementId"], json!(id));
    let late = credit(&shop.enter("LATE", NET).await);
    assert_eq!(late["settlementId"], json!(id));
    assert!(shop.doubts().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_look_after_money_see_and_match_and_bad_input_changes_nothing() {
    let shop = Shop::paid_out().await;
    let id = shop.one_paid_out().await;
    let one = format!("/admin/settlements/{id}");
    let matching = format!("{one}/match");
    let credits = "/admin/settlements/bank-credits";
    let good =
        json!({ "reference": "R", "amount": 1, "currency": "NGN", "valueDate": "2026-01-14" });
    for role in ["customer", "merchant", "fulfilment"] {
        for path in [
            "/admin/settlements",
            "/admin/settlements/summary?date=2026-01-14",
            credits,
            one.as_str(),
        ] {
            let reply = shop.app.get_as(ids::new_id(), role, path).await;
            reply.assert_error(403, "AUTHORIZATION_ERROR");
        }
        let unmatching = format!("{one}/unmatch");
        let reply = shop
            .app
            .post_keyed(role, &unmatching, "k", &json!({}))
            .await;
        reply.assert_error(403, "AUTHORIZATION_ERROR");
        let named = json!({ "bankCreditId": ids::new_id() });
        for (path, body) in [(credits, &good), (matching.as_str(), &named)] {
            let reply = shop.app.post_keyed(role, path, "k", body).await;
            reply.assert_error(403, "AUTHORIZATION_ERROR");
        }
    }
    for bad in [
        "?status=paid",
        "?currency=naira",
        "?matched=maybe",
        "?from=yesterday",
        "?to=2026-02-30",
        "?cursor=x",
        "?limit=0",
        "/summary",
        "/summary?date=x",
        "/bank-credits?matched=1",
        "/x",
        &format!("/{id}?cursor=x"),
    ] {
        let reply = shop.get(&format!("/admin/settlements{bad}")).await;
        reply.assert_error(400, "VALIDATION_ERROR");
    }
    for (field, bad) in [
        ("reference", json!(" ")),
        ("reference", json!("x".repeat(101))),
        ("amount", json!(0)),
        ("amount", json!(-1)),
        ("amount", json!(1.005)),
        ("currency", json!("EUR")),
        ("valueDate", json!("14.1.2026")),
        ("settlementId", json!(id)),
    ] {
        let mut body = good.clone();
        body[field] = bad;
        let reply = shop.app.post_keyed("finance", credits, "bad", &body).await;
        reply.assert_error(400, "VALIDATION_ERROR");
    }
    assert_eq!(shop.app.count("bank_credits").await, 0);
    let unknown = json!({ "bankCreditId": ids::new_id() });
    let reply = shop
        .app
        .post_keyed("finance", &matching, "n", &unknown)
        .await;
    reply.assert_error(404, "NOT_FOUND");
    let cedi =
        json!({ "reference": "C", "amount": 1, "currency": "GHS", "valueDate": "2026-01-14" });
    let cedi = credit(&shop.app.post_keyed("admin", credits, "c", &cedi).await);
    let refused = shop.match_by_hand(&id, &cedi, "d").await;
    refused.assert_error(409, "INVALID_STATE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banks_file_is_entered_row_by_row_and_may_be_sent_again() {
    let shop = Shop::paid_out().await;
    let id = shop.one_paid_out().await;
    let today = shop.app.world.clock.now().date_naive();
    let file = format!(
        "valueDate,reference,amount,currency\n{today},A,1477.50,NGN\n{today},B,20,GHS\n{today},A,1477.50,NGN\n\
         {today},B,21,GHS\n{today},,1,NGN\n{today},C,1.005,NGN\n{today},D,0,NGN\nsoon,E,1,NGN\n{today},F,1,EUR\n{today},G\n"
    );
    let send = async |role: &str, query: &str, kind: &str, body: &str| {
        let path = format!("/admin/settlements/bank-credits/import{query}");
        let request = shop
            .app
            .ask_as(ids::new_id(), role, reqwest::Method::POST, &path);
        let request = request.header("content-type", kind.to_owned());
        request.body(body.to_owned()).reply().await
    };
    let counts = |reply: &Reply| {
        let import = reply.assert_success(200)["import"].clone();
        ["rows", "entered", "unchanged", "failed"].map(|name| import[name].as_u64().unwrap())
    };
    let tried = send("finance", "?dryRun=true", "text/csv", &file).await;
    assert_eq!(counts(&tried), [10, 2, 1, 7]);
    assert_eq!(shop.app.count("bank_credits").await, 0);
    let taken = send("finance", "", "text/csv", &file).await;
    assert_eq!(counts(&taken), [10, 2, 1, 7]);
    let errors = taken.assert_success(200)["import"]["errors"].clone();
    let places = errors.as_array().unwrap().iter();
    let mut places: Vec<(u64, Value)> = places
        .map(|error| (error["row"].as_u64().unwrap(), error["field"].clone()))
        .collect();
    places.sort_by_key(|(row, _)| *row);
    let expected = [
        (5, json!("reference")),
        (6, json!("reference")),
        (7, json!("amount")),
        (8, json!("amount")),
        (9, json!("valueDate")),
        (10, json!("currency")),
        (11, Value::Null),
    ];
    assert_eq!(places, expected);
    let matched = shop.settlements("?matched=true").await;
    assert_eq!(matched[0]["id"], json!(id));
    let again = send("admin", "", "text/csv", &file).await;
    assert_eq!(counts(&again), [10, 0, 3, 7]);
    assert_eq!(shop.app.count("bank_credits").await, 2);
    for (role, kind, body, status, code) in [
        (
            "merchant",
            "text/csv",
            file.as_str(),
            403,
            "AUTHORIZATION_ERROR",
        ),
        (
            "finance",
            "application/json",
            "{}",
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (
            "finance",
            "text/csv",
            "reference,amount\nA,1\n",
            400,
            "VALIDATION_ERROR",
        ),
        ("finance", "text/csv", "", 400, "VALIDATION_ERROR"),
    ] {
        let refused = send(role, "", kind, body).await;
        refused.assert_error(status, code);
    }
}
