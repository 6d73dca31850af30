//! What things cost and how many there are, as the catalogue says or last said.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::app::{Shopper, TestApp, contents};
use crate::catalogue::Mood;

#[tokio::test]
async fn a_price_that_changed_is_shown_until_the_line_is_changed() {
    let app = TestApp::start().await;
    let (ada, catalogue) = (app.person(), &app.world.catalogue);
    let lace = catalogue.sell();
    let line = Shopper::line(&ada.add(lace, 2).await, 0);
    catalogue.change(lace, "price", json!(1650.50));
    catalogue.change(lace, "available", json!(3));
    catalogue.change(lace, "title", json!("Imperial lace"));
    app.forget_prices().await;
    for _ in 0..2 {
        let cart = ada.cart().await;
        let item = &cart["items"][0];
        assert_eq!(
            (
                &item["unitPrice"],
                &item["lineTotal"],
                &item["priceChanged"],
                &item["previousPrice"]
            ),
            (&json!(1650.5), &json!(3301.0), &json!(true), &json!(1500.0))
        );
        assert_eq!(
            (&item["available"], &item["title"]),
            (&json!(3), &json!("Imperial lace"))
        );
        assert_eq!(cart["subtotal"], json!(3301.0));
    }
    let set = ada.set(&line, 3).await;
    let item = &set.assert_success(200)["cart"]["items"][0];
    assert_eq!(
        (
            &item["unitPrice"],
            &item["priceChanged"],
            &item["previousPrice"]
        ),
        (&json!(1650.5), &json!(false), &Value::Null)
    );
}

#[tokio::test]
async fn what_is_gone_from_the_catalogue_stays_in_the_cart_and_cannot_be_bought() {
    let app = TestApp::start().await;
    let (ada, catalogue) = (app.person(), &app.world.catalogue);
    let (lace, hidden) = (catalogue.sell(), catalogue.sell());
    let line = Shopper::line(&ada.add(lace, 2).await, 0);
    ada.add(hidden, 1).await.assert_success(201);
    catalogue.remove(lace);
    catalogue.change(hidden, "isActive", json!(false));
    app.forget_prices().await;
    let cart = ada.cart().await;
    for item in cart["items"].as_array().unwrap() {
        assert_eq!(
            (&item["available"], &item["title"], &item["unitPrice"]),
            (&json!(0), &json!("Royal lace"), &json!(1500.0))
        );
    }
    ada.set(&line, 1)
        .await
        .assert_error(409, "INSUFFICIENT_STOCK");
    ada.remove(&line).await.assert_success(200);
}

#[tokio::test]
async fn what_is_sold_in_another_currency_by_now_keeps_its_price_and_cannot_be_bought() {
    let app = TestApp::start().await;
    let (ada, catalogue) = (app.person(), &app.world.catalogue);
    let lace = catalogue.sell();
    let line = Shopper::line(&ada.add(lace, 2).await, 0);
    catalogue.change(lace, "currency", json!("USD"));
    app.forget_prices().await;
    let cart = ada.cart().await;
    assert_eq!(
        (&cart["currency"], &cart["subtotal"]),
        (&json!("NGN"), &json!(3000.0))
    );
    assert_eq!(cart["items"][0]["available"], json!(0));
    ada.set(&line, 1).await.assert_error(409, "CONFLICT");
}

#[tokio::test]
async fn while_the_catalogue_is_away_carts_show_what_was_known_last() {
    let app = TestApp::start().await;
    let (ada, catalogue) = (app.person(), &app.world.catalogue);
    let (lace, never) = (catalogue.sell(), catalogue.sell());
    ada.add(lace, 2).await.assert_success(201);
    let before = ada.cart().await;
    for mood in [Mood::Down, Mood::Silent] {
        catalogue.feel(mood);
        app.forget_prices().await;
        let begun = Instant::now();
        assert_eq!(ada.cart().await, before, "{mood:?}");
        // What was in a cart before can be added; what nobody knows cannot.
        let bob = app.person();
        bob.add(lace, 1).await.assert_success(201);
        let by_product = json!({ "productId": lace.product, "quantity": 1 });
        bob.add_body(&by_product).await.assert_success(201);
        let unknown = bob.add(never, 1).await;
        unknown.assert_error(503, "SERVICE_UNAVAILABLE");
        assert_eq!(unknown.header("retry-after"), "1");
        assert_eq!(contents(&bob.cart().await), [(lace.variant, 2)]);
        assert!(begun.elapsed() < Duration::from_secs(4), "{mood:?} hangs");
    }
    catalogue.feel(Mood::Well);
    catalogue.change(lace, "price", json!(10));
    for _ in 0..100 {
        if ada.cart().await["items"][0]["unitPrice"] == json!(10.0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the catalogue is asked no more");
}

#[tokio::test]
async fn a_cart_with_many_lines_asks_the_catalogue_once() {
    let app = TestApp::start().await;
    let (ada, catalogue) = (app.person(), &app.world.catalogue);
    for _ in 0..40 {
        ada.add(catalogue.sell(), 1).await.assert_success(201);
    }
    app.forget_prices().await;
    let before = catalogue.asked().len();
    assert_eq!(ada.cart().await["itemCount"], 40);
    assert_eq!(catalogue.asked().len(), before + 1);
}

#[tokio::test]
async fn a_price_the_catalogue_cannot_mean_is_a_failure_of_the_catalogue() {
    let app = TestApp::start().await;
    let ada = app.person();
    for (field, value) in [
        ("price", json!(-1)),
        ("price", json!(1.005)),
        ("currency", json!("EUR")),
        ("variantCount", json!("many")),
    ] {
        let odd = app
            .world
            .catalogue
            .sell_with(|variant| variant[field] = value.clone());
        let reply = ada.add(odd, 1).await;
        reply.assert_error(503, "SERVICE_UNAVAILABLE");
        // Let the breaker close again.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
}
