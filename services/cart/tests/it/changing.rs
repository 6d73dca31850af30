//! Changing and taking out what is in a cart.

use common::ids;
use reqwest::Method;
use serde_json::json;
use test_support::service::Ask as _;

use crate::app::{Shopper, TestApp, contents};

#[tokio::test]
async fn a_quantity_is_set_and_none_takes_the_line_out() {
    let app = TestApp::start().await;
    let (ada, catalogue) = (app.person(), &app.world.catalogue);
    let (lace, silk) = (catalogue.sell(), catalogue.sell());
    let line = Shopper::line(&ada.add(lace, 2).await, 0);
    ada.add(silk, 1).await.assert_success(201);
    let set = ada.set(&line, 7).await;
    let cart = &set.assert_success(200)["cart"];
    assert_eq!(contents(cart), [(lace.variant, 7), (silk.variant, 1)]);
    assert_eq!(&ada.cart().await, cart);
    let gone = ada.set(&line, 0).await;
    assert_eq!(
        contents(&gone.assert_success(200)["cart"]),
        [(silk.variant, 1)]
    );
    ada.set(&line, 1).await.assert_error(404, "NOT_FOUND");
    ada.set(&line, 0).await.assert_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_quantity_that_cannot_be_is_refused() {
    let app = TestApp::start().await;
    let ada = app.person();
    let scarce = app
        .world
        .catalogue
        .sell_with(|variant| variant["available"] = json!(4));
    let line = Shopper::line(&ada.add(scarce, 2).await, 0);
    ada.set(&line, 5)
        .await
        .assert_error(409, "INSUFFICIENT_STOCK");
    let over = ada.set(&line, 11).await;
    over.assert_error(400, "VALIDATION_ERROR");
    assert_eq!(over.field(), "quantity");
    for body in [
        json!({}),
        json!({ "quantity": -1 }),
        json!({ "quantity": 1, "price": 1 }),
    ] {
        let path = format!("/cart/items/{line}");
        let reply = ada.ask(Method::PATCH, &path).json(&body).reply().await;
        reply.assert_error(400, "VALIDATION_ERROR");
    }
    ada.set("no-uuid", 1)
        .await
        .assert_error(400, "VALIDATION_ERROR");
    assert_eq!(contents(&ada.cart().await), [(scarce.variant, 2)]);
}

#[tokio::test]
async fn nobody_reaches_into_the_cart_of_another() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.person(), app.person());
    let lace = app.world.catalogue.sell();
    let line = Shopper::line(&ada.add(lace, 2).await, 0);
    eve.add(lace, 1).await.assert_success(201);
    let guest = app.guest(Some(&"a".repeat(43)));
    for other in [&eve, &guest, &app.guest(None)] {
        other.set(&line, 1).await.assert_error(404, "NOT_FOUND");
        other.set(&line, 0).await.assert_error(404, "NOT_FOUND");
        other.remove(&line).await.assert_error(404, "NOT_FOUND");
        let cleared = other.ask(Method::DELETE, "/cart").reply().await;
        cleared.assert_success(200);
    }
    assert_eq!(contents(&ada.cart().await), [(lace.variant, 2)]);
}

#[tokio::test]
async fn a_line_and_a_whole_cart_are_taken_out() {
    let app = TestApp::start().await;
    let (ada, catalogue) = (app.person(), &app.world.catalogue);
    let (lace, silk) = (catalogue.sell(), catalogue.sell());
    let line = Shopper::line(&ada.add(lace, 2).await, 0);
    ada.add(silk, 1).await.assert_success(201);
    let removed = ada.remove(&line).await;
    assert_eq!(
        contents(&removed.assert_success(200)["cart"]),
        [(silk.variant, 1)]
    );
    ada.remove(&line).await.assert_error(404, "NOT_FOUND");
    ada.remove(&ids::new_id().to_string())
        .await
        .assert_error(404, "NOT_FOUND");
    for _ in 0..2 {
        let cleared = ada.ask(Method::DELETE, "/cart").reply().await;
        let cart = &cleared.assert_success(200)["cart"];
        assert_eq!(
            (&cart["items"], &cart["subtotal"]),
            (&json!([]), &json!(0.0))
        );
    }
    assert_eq!(ada.cart().await["items"], json!([]));
    ada.add(lace, 1).await.assert_success(201);
}
