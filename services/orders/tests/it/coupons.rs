use serde_json::{Value, json};

use crate::app::{TestApp, id_of, order_of};
use crate::ending;
use crate::invariants;
use crate::settling::pay;
use crate::world::Goods;

async fn make(app: &TestApp, code: &str, more: &str) {
    let sql = format!(
        "INSERT INTO orders.coupons (id, code, kind, amount, currency) VALUES (gen_random_uuid(), '{code}', 'fixed', 100, 'NGN');
         UPDATE orders.coupons SET {more} WHERE code = '{code}'"
    );
    app.execute(&sql).await;
}

fn with(goods: Goods, code: &str) -> Value {
    let mut body = order_of(&[goods.item(1)]);
    body["couponCode"] = json!(code);
    body
}

async fn used(app: &TestApp, code: &str) -> i64 {
    let sql = format!("SELECT used_count FROM orders.coupons WHERE code = '{code}'");
    app.rows(&sql).await[0]["used_count"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rule_of_a_coupon_refuses_with_its_code() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    for (code, more, refusal) in [
        ("OFF", "is_active = false", "COUPON_INVALID"),
        (
            "LATER",
            "starts_at = now() + interval '1 day'",
            "COUPON_INVALID",
        ),
        (
            "OVER",
            "expires_at = now() - interval '1 day'",
            "COUPON_EXPIRED",
        ),
        (
            "GONE",
            "usage_limit = 1, used_count = 1",
            "COUPON_EXHAUSTED",
        ),
        ("DEAR", "min_order_amount = 1000.01", "COUPON_INVALID"),
        ("CEDI", "currency = 'GHS'", "COUPON_INVALID"),
    ] {
        make(&app, code, more).await;
        ada.order(&with(lace, code))
            .await
            .assert_error(422, refusal);
    }
    let unknown = ada.order(&with(lace, "NOPE")).await;
    unknown.assert_error(422, "COUPON_INVALID");
    assert_eq!(unknown.field(), "couponCode");
    assert!(
        app.world.shelf.lock().unwrap().holds.is_empty(),
        "nothing was held"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_use_counts_while_the_order_is_open_or_paid() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    make(&app, "TWICE", "per_user_limit = 2").await;
    let place = async || ada.order(&with(lace, "twice")).await.assert_success(201)["order"].clone();
    let (first, second) = (place().await, place().await);
    assert_eq!(first["discount"], 100.0);
    ada.order(&with(lace, "TWICE"))
        .await
        .assert_error(422, "COUPON_EXHAUSTED");
    let cancel = format!("/orders/{}/cancel", id_of(&first));
    ada.post(&cancel, &json!({})).await.assert_success(200);
    assert_eq!(used(&app, "TWICE").await, 1);
    ending::expire(&app, &second).await;
    assert_eq!(used(&app, "TWICE").await, 0);
    pay(&app, &second).await;
    assert_eq!(used(&app, "TWICE").await, 1, "a late payment counts again");
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coupon_is_never_used_more_often_than_it_may() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    make(&app, "RARE", "usage_limit = 5").await;
    let people: Vec<_> = (0..20).map(|_| app.customer()).collect();
    let body = with(lace, "RARE");
    let placed = people.iter().map(|person| person.order(&body));
    let replies = futures_util::future::join_all(placed).await;
    let won = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(won, 5);
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        reply.assert_error(422, "COUPON_EXHAUSTED");
    }
    assert_eq!(used(&app, "RARE").await, 5);
    let held = app.world.shelf.lock().unwrap().available[&lace.variant];
    assert_eq!(held, 95, "what the others had held is there again");
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coupon_that_is_removed_while_an_order_is_placed_is_unknown() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    make(&app, "BRIEF", "is_active = true").await;
    // Removed after the order was priced, just before it is stored.
    app.execute(
        "CREATE FUNCTION orders.remove_coupons() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN DELETE FROM orders.coupons; RETURN NEW; END';
         CREATE TRIGGER remove_coupons BEFORE INSERT ON orders.orders
             FOR EACH ROW EXECUTE FUNCTION orders.remove_coupons()",
    )
    .await;
    let reply = app.customer().order(&with(lace, "BRIEF")).await;
    reply.assert_error(422, "COUPON_INVALID");
    assert_eq!(
        app.world.shelf.lock().unwrap().available[&lace.variant],
        100
    );
    invariants::assert_all(&app).await;
}
