//! What buyers' banks want back: how we come to know of it, how it ends, and what the books say then.

use common::ids;
use reqwest::Method;
use serde_json::{Value, json};

use crate::shop::staff;
use crate::vendor::Shop;

fn outcomes(events: &[Value]) -> Vec<&str> {
    let outcomes = events.iter().map(|event| event["data"]["outcome"].as_str());
    outcomes.map(Option::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_is_known_once_however_often_it_is_told_of() {
    let shop = Shop::open().await;
    let kept = shop.kept().await;
    let shown = shop.dispute(&kept, 100_000).await;
    // The provider is away for a moment; the event waits.
    let away = json!({ "fetchDispute": { "status": 502, "times": 1 } });
    shop.vendor.fail(&away).await;
    for _ in 0..2 {
        shop.tell("create", &shown).await;
        shop.tell("remind", &shown).await;
    }
    let known = shop.known(&shown).await;
    assert_eq!(known["status"], "awaiting_merchant_feedback");
    assert_eq!(
        (&known["minor"], &known["outcome"]),
        (&json!(100_000), &Value::Null)
    );
    assert_eq!(
        (&known["category"], &known["due_source"]),
        (&json!("chargeback"), &json!("provider"))
    );
    let told = shop.app.promised("dispute.opened").await;
    assert_eq!(told.len(), 1);
    let said = &told[0]["data"];
    assert_eq!(said["orderId"], json!(kept.order.id));
    assert_eq!(said["paymentId"], json!(kept.id));
    assert_eq!(said["amount"], json!(1_000.0));
    assert!(shop.app.open_attention().await.is_empty());
    let listed = shop.get("/admin/disputes").await;
    let listed = listed.assert_success(200)["disputes"][0].clone();
    assert_eq!(listed["id"], known["id"]);
    assert_eq!(listed["gatewayId"], json!(shown["id"].to_string()));
    assert_eq!(listed["dueAt"], shown["dueAt"]);
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_end_is_booked_once_in_whatever_order_it_is_told() {
    let shop = Shop::open().await;
    let mut ends = Vec::new();
    for (resolution, outcome, order) in [
        ("declined", "won", ["create", "resolve"]),
        ("merchant-accepted", "accepted", ["resolve", "create"]),
        ("auto-accepted", "auto_accepted", ["resolve", "create"]),
    ] {
        let kept = shop.kept().await;
        let opened = shop.dispute(&kept, 150_000).await;
        if order[0] == "create" {
            shop.tell("create", &opened).await;
        }
        let ended = shop.resolve(&kept, resolution).await;
        for what in order.iter().chain(&order) {
            let told = if *what == "create" { &opened } else { &ended };
            shop.tell(what, told).await;
        }
        let known = shop.known(&opened).await;
        assert_eq!(
            (&known["status"], &known["outcome"]),
            (&json!("resolved"), &json!(outcome))
        );
        let is_lost = outcome != "won";
        let expected = if is_lost { json!(150_000) } else { Value::Null };
        assert_eq!(known["taken_minor"], expected, "{resolution}");
        let status = if is_lost { "refunded" } else { "paid" };
        assert_eq!(shop.app.status_of(kept.id).await, status, "{resolution}");
        ends.push(outcome);
        assert_eq!(outcomes(&shop.app.promised("dispute.resolved").await), ends);
        assert_eq!(shop.app.promised("dispute.opened").await.len(), ends.len());
        shop.app.assert_balanced().await;
    }
    assert_eq!(shop.balance("chargebacks").await, 300_000);
    assert_eq!(shop.balance("sales").await, -450_000);
    // What the provider lists as refunds of lost disputes is in the books already.
    assert_eq!(shop.app.count("refunds").await, 0);
    assert!(shop.app.open_attention().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_webhooks_the_poll_finds_disputes_and_their_end() {
    let shop = Shop::open_with(&[("DISPUTES__POLL_EVERY_SECS", "1")]).await;
    let (kept, other) = (shop.kept().await, shop.kept().await);
    let shown = shop.dispute(&kept, 150_000).await;
    let opened = format!(
        "SELECT id FROM payments.disputes WHERE gateway_id = '{}'",
        shown["id"]
    );
    shop.app.until("the dispute is found", &opened).await;
    shop.resolve(&kept, "auto-accepted").await;
    // This one begins and ends between two looks.
    let missed = shop.dispute(&other, 40_000).await;
    shop.resolve(&other, "merchant-accepted").await;
    let both =
        "SELECT count(*) FROM payments.disputes WHERE outcome IS NOT NULL HAVING count(*) = 2";
    shop.app.until("both ends are found", both).await;
    assert_eq!(shop.known(&missed).await["taken_minor"], 40_000);
    assert_eq!(shop.app.status_of(other.id).await, "partially_refunded");
    assert_eq!(shop.balance("chargebacks").await, 190_000);
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_of_what_nobody_knows_goes_before_people() {
    let shop = Shop::open().await;
    let begun = shop.paid().await;
    // As if another shop of the same account had sold it.
    shop.app
        .execute("UPDATE payments.payments SET reference = 'ELSEWHERE-1'")
        .await;
    let shown = shop.dispute(&begun, 150_000).await;
    shop.tell("create", &shown).await;
    shop.tell("create", &shown).await;
    assert_eq!(shop.app.open_attention().await, ["dispute"]);
    let known = shop.known(&shown).await;
    assert_eq!(
        (&known["payment_id"], &known["order_id"]),
        (&Value::Null, &Value::Null)
    );
    assert!(shop.app.promised("dispute.opened").await.is_empty());
    // Once its payment is known, it is told of.
    let back = format!(
        "UPDATE payments.payments SET reference = '{}'",
        begun.reference
    );
    shop.app.execute(&back).await;
    shop.tell("remind", &shown).await;
    assert!(shop.app.open_attention().await.is_empty());
    assert_eq!(shop.app.promised("dispute.opened").await.len(), 1);
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_reminded_once_before_the_deadline() {
    let shop = Shop::open().await;
    let (_, id, shown) = shop.disputed().await;
    shop.hours_pass(11);
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    assert!(shop.app.promised("dispute.reminded").await.is_empty());
    shop.hours_pass(2);
    shop.app.until_attention("dispute_deadline").await;
    let told = shop.app.promised("dispute.reminded").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["data"]["disputeId"], json!(id));
    assert_eq!(told[0]["data"]["dueAt"], shown["dueAt"]);
    shop.tell("remind", &shown).await;
    shop.hours_pass(2);
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    assert_eq!(shop.app.promised("dispute.reminded").await.len(), 1);
    // The end takes it away again.
    let events = shop.get(&format!("/admin/disputes/{id}")).await;
    let history = events.assert_success(200)["history"].clone();
    let names = history
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["event"].clone());
    assert_eq!(names.collect::<Vec<_>>(), ["opened", "reminded"]);
    shop.tell("resolve", &shop.vendor.dispute(&shown).await)
        .await;
    assert_eq!(shop.app.open_attention().await, ["dispute_deadline"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_leave_what_a_dispute_took_or_may_take() {
    let shop = Shop::open().await;
    let kept = shop.kept().await;
    let refund = async |key: &str, amount: Value| {
        let body = json!({ "reason": "x", "amount": amount });
        shop.app.refund(kept.id, key, &body).await
    };
    let shown = shop.dispute(&kept, 100_000).await;
    shop.tell("create", &shown).await;
    let held = refund("a", json!(600)).await;
    held.assert_error(409, "INVALID_STATE");
    refund("b", json!(1_501))
        .await
        .assert_error(402, "PAYMENT_ERROR");
    refund("c", json!(300)).await.assert_success(202);
    shop.app.until_refunds(kept.id, "processed", 1).await;
    // The bank takes what it wanted, and 200 are left.
    let ended = shop.resolve(&kept, "auto-accepted").await;
    shop.tell("resolve", &ended).await;
    refund("d", json!(201))
        .await
        .assert_error(402, "PAYMENT_ERROR");
    let rest = json!({ "reason": "x" });
    shop.app
        .refund(kept.id, "e", &rest)
        .await
        .assert_success(202);
    let sum = shop
        .app
        .rows("SELECT (sum(amount) * 100)::bigint AS minor FROM payments.refunds")
        .await;
    assert_eq!(sum[0]["minor"], 50_000);
    assert_eq!(shop.known(&shown).await["taken_minor"], 100_000);
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refunded_is_not_taken_a_second_time() {
    let shop = Shop::open().await;
    let kept = shop.kept().await;
    let shown = shop.dispute(&kept, 150_000).await;
    // Decided before we hear of the dispute.
    let body = json!({ "reason": "x", "amount": 600 });
    shop.app
        .refund(kept.id, "a", &body)
        .await
        .assert_success(202);
    shop.app.until_refunds(kept.id, "processed", 1).await;
    let ended = shop.resolve(&kept, "auto-accepted").await;
    shop.tell("resolve", &ended).await;
    assert_eq!(shop.known(&shown).await["taken_minor"], 90_000);
    assert_eq!(shop.app.status_of(kept.id).await, "refunded");
    assert_eq!(
        shop.app.open_attention().await,
        ["dispute"],
        "more was wanted than was left"
    );
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_keeps_goes_back_once_by_the_dispute_or_after_it() {
    let shop = Shop::open().await;
    for (resolution, back_by_refund) in [("auto-accepted", 0), ("declined", 1)] {
        let paid = shop.paid().await;
        let shown = shop.dispute(&paid, 150_000).await;
        shop.tell("create", &shown).await;
        let unwanted = ::events::orders::UnwantedCapture::Closed;
        shop.app.refuse(&paid, unwanted).await.unwrap();
        let refunds = format!("refunds WHERE payment_id = '{}'", paid.id);
        assert_eq!(shop.app.count(&refunds).await, 0, "it may be taken");
        let ended = shop.resolve(&paid, resolution).await;
        shop.tell("resolve", &ended).await;
        shop.hours_pass(1);
        shop.app.until_status(paid.id, "refunded").await;
        tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
        assert_eq!(
            shop.app.count(&refunds).await,
            back_by_refund,
            "{resolution}"
        );
        shop.app.assert_balanced().await;
    }
    assert_eq!(shop.balance("suspense").await, 0);
    assert_eq!(shop.balance("chargebacks").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dispute_took_before_an_order_kept_the_payment_is_the_orders_then() {
    let shop = Shop::open().await;
    let paid = shop.paid().await;
    let shown = shop.dispute(&paid, 60_000).await;
    let ended = shop.resolve(&paid, "auto-accepted").await;
    shop.tell("resolve", &ended).await;
    assert_eq!(shop.known(&shown).await["charged_to"], "suspense");
    shop.app.keep(&paid).await.unwrap();
    assert_eq!(shop.known(&shown).await["charged_to"], "chargebacks");
    assert_eq!(shop.balance("chargebacks").await, 60_000);
    assert_eq!(shop.balance("suspense").await, 0);
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn banks_may_think_twice_and_the_books_follow_once() {
    let shop = Shop::open().await;
    let (kept, id, shown) = shop.disputed().await;
    let again = async |resolution: &str| {
        let ended = shop.resolve_again(&kept, resolution).await;
        shop.tell("resolve", &ended).await;
        shop.known(&shown).await["outcome"].clone()
    };
    let ended = shop.resolve(&kept, "declined").await;
    shop.tell("resolve", &ended).await;
    assert_eq!(shop.known(&shown).await["outcome"], "won");
    assert_eq!(again("auto-accepted").await, "auto_accepted");
    assert_eq!(shop.balance("chargebacks").await, 150_000);
    assert_eq!(again("declined").await, "won");
    assert_eq!(shop.balance("chargebacks").await, 0);
    shop.app.assert_balanced().await;
    // An old webhook that comes once more asks, and learns what is so now.
    shop.tell("resolve", &ended).await;
    assert_eq!(shop.known(&shown).await["outcome"], "won");
    let told = shop.app.promised("dispute.resolved").await;
    assert_eq!(outcomes(&told), ["won", "auto_accepted", "won"]);
    assert_eq!(told[2]["data"]["taken"], json!(0.0));
    assert!(shop.app.open_attention().await.is_empty());
    // A third time is for people.
    assert_eq!(again("auto-accepted").await, "auto_accepted");
    assert_eq!(shop.app.open_attention().await, ["dispute"]);
    assert_eq!(shop.balance("chargebacks").await, 0);
    assert_eq!(shop.app.count("refunds").await, 0);
    shop.get(&format!("/admin/disputes/{id}"))
        .await
        .assert_success(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_known_only_after_its_dispute_took_it_is_booked_whole() {
    let shop = Shop::open().await;
    let begun = shop.app.begun().await;
    let path = format!("/paystack/{}/complete", begun.reference);
    shop.vendor.control(Method::POST, &path, &json!({})).await;
    let shown = shop.dispute(&begun, 150_000).await;
    let ended = shop.resolve(&begun, "auto-accepted").await;
    // The first that we hear of any of it.
    shop.tell("resolve", &ended).await;
    assert_eq!(shop.known(&shown).await["taken_minor"], 150_000);
    assert_eq!(shop.app.status_of(begun.id).await, "refunded");
    shop.hours_pass(25);
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(shop.app.count("refunds").await, 0);
    assert_eq!(shop.balance("suspense").await, 0);
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_look_after_money_see_disputes_page_by_page() {
    let shop = Shop::open().await;
    let kept = shop.kept().await;
    let mut known = Vec::new();
    for amount in [1_000, 2_000, 3_000] {
        let shown = shop.dispute(&kept, amount).await;
        shop.tell("create", &shown).await;
        known.push(shop.known(&shown).await["id"].clone());
    }
    let (mut seen, mut path) = (Vec::new(), "/admin/disputes?limit=2".to_owned());
    loop {
        let reply = shop.get(&path).await;
        let data = reply.assert_success(200);
        let page = data["disputes"].as_array().unwrap().clone();
        seen.extend(page.iter().map(|one| one["id"].clone()));
        let Some(next) = data["nextCursor"].as_str() else {
            break;
        };
        path = format!("/admin/disputes?limit=2&cursor={next}");
    }
    known.reverse();
    assert_eq!(seen, known);
    let ended = shop.get("/admin/disputes?status=resolved").await;
    assert_eq!(ended.assert_success(200)["disputes"], json!([]));
    let one = format!("/admin/disputes/{}", known[0].as_str().unwrap());
    for path in ["/admin/disputes", one.as_str()] {
        for role in ["customer", "merchant", "fulfilment"] {
            let reply = shop.app.get_as(staff(), role, path).await;
            reply.assert_error(403, "AUTHORIZATION_ERROR");
        }
        shop.app
            .get_as(staff(), "admin", path)
            .await
            .assert_success(200);
    }
    for bad in ["?status=open", "?cursor=x", "?limit=0"] {
        let reply = shop.get(&format!("/admin/disputes{bad}")).await;
        reply.assert_error(400, "VALIDATION_ERROR");
    }
    let unknown = format!("/admin/disputes/{}", ids::new_id());
    shop.get(&unknown).await.assert_error(404, "NOT_FOUND");
}
