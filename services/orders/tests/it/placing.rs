use chrono::TimeDelta;
use common::ids;
use serde_json::json;

use crate::app::{TestApp, address, id_of, order_of};
use crate::invariants;
use crate::inventory::Trouble;

#[tokio::test(flavor = "multi_thread")]
async fn an_order_costs_what_the_shop_says() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "48500.00");
    let beads = app.world.sell("Coral beads", "1250.50");
    let ada = app.customer();
    let mut body = order_of(&[lace.item(2), beads.item(1), lace.item(1)]);
    body["notes"] = json!("Ring twice");
    let reply = ada.order(&body).await;
    let order = &reply.assert_success(201)["order"];
    assert_eq!(order["items"].as_array().unwrap().len(), 2);
    assert_eq!(order["items"][0]["quantity"], 3);
    assert_eq!(order["items"][0]["title"], "Royal lace");
    let text = String::from_utf8(reply.bytes.clone()).unwrap();
    for part in [
        r#""subtotal":146750.50"#,
        r#""shipping":1500.00"#,
        r#""tax":11006.29"#,
        r#""discount":0.00"#,
        r#""total":159256.79"#,
        r#""lineTotal":145500.00"#,
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(order["status"], "pending");
    assert_eq!(order["paymentStatus"], "unpaid");
    assert_eq!(order["currency"], "NGN");
    assert_eq!(order["notes"], "Ring twice");
    assert_eq!(order["shippingAddress"]["city"], "Ikeja");
    assert_eq!(order["billingAddress"], order["shippingAddress"]);
    assert_eq!(order["history"][0]["to"], "pending");
    assert_eq!(ada.see(order).await, *order);
    let said = app.promised("order.created").await;
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["data"]["lines"].as_array().unwrap().len(), 2);
    assert!(!said[0].to_string().contains("Allen"), "{}", said[0]);
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_lines_of_one_variant_must_be_there_together() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    app.world.stock(lace, 5);
    let body = order_of(&[lace.item(3), lace.item(3)]);
    let reply = app.customer().order(&body).await;
    reply.assert_error(409, "INSUFFICIENT_STOCK");
    let shelf = app.world.shelf.lock().unwrap();
    assert!(shelf.holds.is_empty());
    assert_eq!(shelf.available[&lace.variant], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_the_cart_can_be_ordered() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "48500.00");
    let ada = app.customer();
    app.world.fill_cart(ada.id, &[lace.item(2)]);
    let body = json!({ "fromCart": true, "shippingAddress": address() });
    let order = ada.order(&body).await.assert_success(201)["order"].clone();
    assert_eq!(order["items"][0]["quantity"], 2);
    app.world.fill_cart(ada.id, &[]);
    ada.order(&body).await.assert_error(400, "VALIDATION_ERROR");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variant_may_be_left_out_only_where_there_is_one() {
    let app = TestApp::start().await;
    let plain = app.world.sell("Plain", "100.00");
    let many = app.world.sell("Many", "100.00");
    app.world.offer(many, "Many", "100.00", "NGN", 2);
    let ada = app.customer();
    let item = |product| json!({ "productId": product, "quantity": 1 });
    let order = ada.order(&order_of(&[item(plain.product)])).await;
    assert_eq!(
        order.assert_success(201)["order"]["items"][0]["variantId"],
        json!(plain.variant)
    );
    let refused = ada.order(&order_of(&[item(many.product)])).await;
    refused.assert_error(400, "VALIDATION_ERROR");
    assert_eq!(refused.field(), "items.0.variantId");
    let order = ada.order(&order_of(&[many.item(1)])).await;
    let title = &order.assert_success(201)["order"]["items"][0]["title"];
    assert_eq!(title, "Many – Gold");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_change_nothing() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "48500.00");
    let cedi = app.world.sell_in("Kente", "90.00", "GHS");
    let hidden = app.world.sell("Hidden", "10.00");
    app.world.hide(hidden);
    let ada = app.customer();
    let with = |path: &str, value: serde_json::Value| {
        let mut body = order_of(&[lace.item(1)]);
        let mut place = &mut body;
        for part in path.split('.') {
            place = match part.parse::<usize>() {
                Ok(index) => &mut place[index],
                Err(_name) => &mut place[part],
            };
        }
        *place = value;
        body
    };
    let nowhere = json!({ "productId": ids::new_id(), "variantId": ids::new_id(), "quantity": 1 });
    for (body, field) in [
        (with("items", json!([])), "items"),
        (with("items.0.quantity", json!(0)), "items.0.quantity"),
        (with("items.0.quantity", json!(1001)), "items.0.quantity"),
        (with("items.0.quantity", json!(-1)), "items.0.quantity"),
        (with("items.0.price", json!(1)), "items.0.price"),
        (with("total", json!(1)), "total"),
        (with("fromCart", json!(true)), "items"),
        (with("items", json!(null)), "items"),
        (with("items", json!([nowhere])), "items.0.productId"),
        (with("items", json!([hidden.item(1)])), "items.0.productId"),
        (with("items", json!([lace.item(1), cedi.item(1)])), "items"),
        (
            with("items.0.productId", json!(cedi.product)),
            "items.0.variantId",
        ),
        (
            with("shippingAddress.country", json!("Nigeria")),
            "shippingAddress.country",
        ),
        (
            with("shippingAddress.country", json!("JP")),
            "shippingAddress.country",
        ),
        (
            with("shippingAddress.phone", json!("none")),
            "shippingAddress.phone",
        ),
        (
            with("shippingAddress.city", json!(" ")),
            "shippingAddress.city",
        ),
        (
            with("shippingAddress.fullName", json!("a\nb")),
            "shippingAddress.fullName",
        ),
        (with("shippingMethod", json!("rocket")), "shippingMethod"),
        (with("expectedTotal", json!("1.001")), "expectedTotal"),
        (with("expectedTotal", json!(-1)), "expectedTotal"),
    ] {
        let reply = ada.order(&body).await;
        assert_eq!(reply.status, 400, "{body}: {}", reply.body);
        assert_eq!(reply.field(), field, "{body}: {}", reply.body);
    }
    let keyless = ada.post("/orders", &order_of(&[lace.item(1)])).await;
    keyless.assert_error(400, "VALIDATION_ERROR");
    assert_eq!(app.rows("SELECT id FROM orders.orders").await.len(), 0);
    assert_eq!(
        app.rows("SELECT key FROM orders.idempotency_keys")
            .await
            .len(),
        0
    );
    assert!(app.world.shelf.lock().unwrap().holds.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_needs_somebody() {
    let app = TestApp::start().await;
    let url = "/api/v1/orders";
    use test_support::service::Ask as _;
    let reply = app
        .request(reqwest::Method::POST, url)
        .json(&json!({}))
        .reply()
        .await;
    reply.assert_error(401, "AUTHENTICATION_ERROR");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_total_than_expected_is_refused_with_the_new_one() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let mut body = order_of(&[lace.item(1)]);
    body["expectedTotal"] = json!(2500.00);
    let reply = ada.order(&body).await;
    reply.assert_error(409, "PRICE_CHANGED");
    assert!(
        reply.body["details"][0]["message"]
            .as_str()
            .unwrap()
            .contains("2575.00")
    );
    body["expectedTotal"] = json!("2575.00");
    ada.order(&body).await.assert_success(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_that_cannot_be_paid_are_refused() {
    let app = TestApp::start().await;
    let ada = app.customer();
    let pick_up = |item| {
        let mut body = order_of(&[item]);
        body["shippingMethod"] = json!("pickup");
        body
    };
    let penny = app.world.sell("Button", "10.00");
    ada.order(&pick_up(penny.item(1)))
        .await
        .assert_error(422, "AMOUNT_TOO_SMALL");
    let house = app.world.sell("House", "9999999.00");
    ada.order(&pick_up(house.item(1)))
        .await
        .assert_error(422, "AMOUNT_TOO_LARGE");
    assert!(app.world.shelf.lock().unwrap().holds.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn too_little_stock_is_told_by_item() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let beads = app.world.sell("Coral beads", "1000.00");
    app.world.stock(beads, 1);
    let ada = app.customer();
    let reply = ada.order(&order_of(&[lace.item(1), beads.item(2)])).await;
    reply.assert_error(409, "INSUFFICIENT_STOCK");
    assert_eq!(reply.field(), "items.1.quantity");
    assert_eq!(
        reply.body["details"][0]["message"],
        "Coral beads: 2 wanted, 1 available"
    );
    assert_eq!(app.rows("SELECT id FROM orders.orders").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_at_a_limit_may_come_again() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    app.world.shelf.lock().unwrap().trouble.push(Trouble::Limit);
    let reply = ada.order(&order_of(&[lace.item(1)])).await;
    reply.assert_error(429, "RESERVATION_LIMIT");
    assert_eq!(reply.header("retry-after"), "77");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_says_what_the_order_will_cost() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "48500.00");
    let ada = app.customer();
    let body = json!({ "items": [lace.item(2)], "country": "NG", "state": "Lagos", "couponCode": "welcome10" });
    let quote = ada.post("/orders/quote", &body).await.assert_success(200)["quote"].clone();
    assert_eq!(quote["discount"], 9700.0);
    assert_eq!(quote["shippingMethod"], "standard");
    assert_eq!(quote["shippingMethods"].as_array().unwrap().len(), 3);
    let mut order = order_of(&[lace.item(2)]);
    order["couponCode"] = json!("WELCOME10");
    order["expectedTotal"] = quote["total"].clone();
    ada.order(&order).await.assert_success(201);
    use test_support::service::Ask as _;
    let nobody = app
        .request(reqwest::Method::POST, "/api/v1/orders/quote")
        .json(&body)
        .reply()
        .await;
    nobody.assert_success(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_their_own_orders_only() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let (ada, eve) = (app.customer(), app.customer());
    let order = ada.buy(lace, 1).await;
    let second = ada.buy(lace, 1).await;
    let path = format!("/orders/{}", id_of(&order));
    eve.get(&path).await.assert_error(404, "NOT_FOUND");
    eve.post(&format!("{path}/cancel"), &json!({}))
        .await
        .assert_error(404, "NOT_FOUND");
    eve.get(&format!("{path}/invoice"))
        .await
        .assert_error(404, "NOT_FOUND");
    app.staff("admin")
        .get(&path)
        .await
        .assert_error(404, "NOT_FOUND");
    let mine = ada.get("/orders?limit=1").await;
    let mine = mine.assert_success(200);
    assert_eq!(mine["orders"][0]["id"], second["id"]);
    assert_eq!(mine["pagination"]["total"], 2);
    let none = eve.get("/orders").await.assert_success(200).clone();
    assert_eq!(none["orders"], json!([]));
    ada.get("/orders?status=lost")
        .await
        .assert_error(400, "VALIDATION_ERROR");
    assert_eq!(
        ada.get("/orders?status=cancelled")
            .await
            .assert_success(200)["pagination"]["total"],
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_knows_number_and_address_may_follow_an_order() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 2).await;
    let number = order["orderNumber"].as_str().unwrap();
    use test_support::service::Ask as _;
    let track = async |number: &str, email: &str| {
        let body = json!({ "orderNumber": number, "email": email });
        app.request(reqwest::Method::POST, "/api/v1/orders/track")
            .json(&body)
            .reply()
            .await
    };
    let email = crate::world::email_of(ada.id);
    let found = track(&number.to_lowercase(), &email.to_uppercase()).await;
    let found = found.assert_success(200)["order"].clone();
    assert_eq!(found["status"], "pending");
    assert_eq!(found["itemCount"], 2);
    assert!(!found.to_string().contains("Allen"), "{found}");
    let wrong_email = track(number, "eve@example.com").await;
    let wrong_number = track("AGP-20260101-0000000000", &email).await;
    wrong_email.assert_error(404, "NOT_FOUND");
    wrong_number.assert_error(404, "NOT_FOUND");
    assert_eq!(wrong_email.body["message"], wrong_number.body["message"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ways_to_ship_are_public() {
    let app = TestApp::start().await;
    use test_support::service::Ask as _;
    let ask = async |query: &str| {
        let path = format!("/api/v1/shipping-methods{query}");
        app.request(reqwest::Method::GET, &path).reply().await
    };
    let lagos = ask("?country=NG&currency=NGN").await;
    let methods = lagos.assert_success(200)["shippingMethods"].clone();
    assert_eq!(methods[0]["code"], "standard");
    assert_eq!(methods[0]["price"], 1500.0);
    assert_eq!(methods[0]["estimatedDays"], json!({ "min": 2, "max": 5 }));
    assert_eq!(
        ask("?country=JP").await.assert_success(200)["shippingMethods"],
        json!([])
    );
    ask("?country=Nigeria")
        .await
        .assert_error(400, "VALIDATION_ERROR");
    ask("?currency=EUR")
        .await
        .assert_error(400, "VALIDATION_ERROR");
}

#[tokio::test(flavor = "multi_thread")]
async fn order_numbers_say_the_shops_day() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let one = ada.buy(lace, 1).await;
    app.wait(TimeDelta::seconds(1));
    let other = ada.buy(lace, 1).await;
    let number = |order: &serde_json::Value| order["orderNumber"].as_str().unwrap().to_owned();
    assert_eq!(number(&one).len(), "AGP-20260113-7K3QXN9D4T".len());
    assert_ne!(number(&one)[13..], number(&other)[13..]);
}
