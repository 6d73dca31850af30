//! Putting things in a cart.

use common::ids;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::Ask as _;

use crate::app::{Options, Shopper, TestApp, contents};

#[tokio::test]
async fn what_is_added_is_in_the_cart_with_its_price_and_sums() {
    let app = TestApp::start().await;
    let ada = app.person();
    let lace = app.world.catalogue.sell();
    let reply = ada.add(lace, 2).await;
    let cart = &reply.assert_success(201)["cart"];
    let id = cart["items"][0]["id"].clone();
    assert_eq!(
        cart["items"],
        json!([{
            "id": id, "productId": lace.product, "variantId": lace.variant, "sku": "LACE-1", "title": "Royal lace",
            "name": "Red", "thumbnail": "https://img.example/lace.jpg", "quantity": 2, "unitPrice": 1500.0,
            "lineTotal": 3000.0, "available": 50, "priceChanged": false, "previousPrice": null,
        }])
    );
    assert_eq!(
        (&cart["subtotal"], &cart["itemCount"], &cart["currency"]),
        (&json!(3000.0), &json!(2), &json!("NGN"))
    );
    assert!(cart["updatedAt"].as_str().unwrap().ends_with('Z'));
    assert!(String::from_utf8_lossy(&reply.bytes).contains(r#""subtotal":3000.00"#));
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("x-session-id"), "", "a person needs none");
    assert_eq!(&ada.cart().await, cart);

    let again = ada.add(lace, 3).await;
    let cart = &again.assert_success(201)["cart"];
    assert_eq!(contents(cart), [(lace.variant, 5)]);
    assert_eq!(cart["items"][0]["id"], id);
    let totals = ada.ask(Method::GET, "/cart/totals").reply().await;
    assert_eq!(
        totals.assert_success(200)["totals"],
        json!({ "subtotal": 7500.0, "itemCount": 5, "currency": "NGN" })
    );
}

#[tokio::test]
async fn whoever_has_no_cart_sees_an_empty_one() {
    let app = TestApp::start().await;
    for shopper in [app.person(), app.guest(None)] {
        let cart = shopper.cart().await;
        let empty = json!({
            "id": null, "items": [], "subtotal": 0.0, "itemCount": 0, "currency": "NGN", "updatedAt": null,
        });
        assert_eq!(cart, empty);
        let cleared = shopper.ask(Method::DELETE, "/cart").reply().await;
        assert_eq!(cleared.assert_success(200)["cart"], empty);
    }
    assert!(app.rows("SELECT id FROM cart.carts").await.is_empty());
}

#[tokio::test]
async fn bad_input_is_refused_by_field_and_changes_nothing() {
    let app = TestApp::start().await;
    let ada = app.person();
    let lace = app.world.catalogue.sell();
    let (product, variant) = (lace.product, lace.variant);
    for (body, field) in [
        (json!({}), "productId"),
        (json!({ "productId": product }), "quantity"),
        (json!({ "productId": "x", "quantity": 1 }), "productId"),
        (
            json!({ "productId": product, "variantId": 7, "quantity": 1 }),
            "variantId",
        ),
        (json!({ "productId": product, "quantity": 0 }), "quantity"),
        (json!({ "productId": product, "quantity": -1 }), "quantity"),
        (json!({ "productId": product, "quantity": 1.5 }), "quantity"),
        (json!({ "productId": product, "quantity": "1" }), "quantity"),
        (json!({ "productId": product, "quantity": 11 }), "quantity"),
        (
            json!({ "productId": product, "quantity": u32::MAX }),
            "quantity",
        ),
        (
            json!({ "productId": product, "quantity": 99_999_999_999_u64 }),
            "quantity",
        ),
        (
            json!({ "productId": product, "quantity": 1, "unitPrice": 1 }),
            "unitPrice",
        ),
        (
            json!({ "productId": ids::new_id(), "variantId": variant, "quantity": 1 }),
            "variantId",
        ),
    ] {
        let reply = ada.add_body(&body).await;
        reply.assert_error(400, "VALIDATION_ERROR");
        assert_eq!(reply.field(), field, "{body}");
    }
    assert!(
        ada.cart().await["items"].as_array().unwrap().is_empty(),
        "nothing changed"
    );
}

#[tokio::test]
async fn what_is_not_for_sale_is_not_there() {
    let app = TestApp::start().await;
    let ada = app.person();
    let hidden = app
        .world
        .catalogue
        .sell_with(|variant| variant["isActive"] = json!(false));
    ada.add(hidden, 1).await.assert_error(404, "NOT_FOUND");
    let by_product = json!({ "productId": hidden.product, "quantity": 1 });
    ada.add_body(&by_product)
        .await
        .assert_error(404, "NOT_FOUND");
    let unknown = json!({ "productId": ids::new_id(), "quantity": 1 });
    ada.add_body(&unknown).await.assert_error(404, "NOT_FOUND");
    let unknown = json!({ "productId": ids::new_id(), "variantId": ids::new_id(), "quantity": 1 });
    ada.add_body(&unknown).await.assert_error(404, "NOT_FOUND");
}

#[tokio::test]
async fn the_variant_may_be_left_out_only_when_there_is_one() {
    let app = TestApp::start().await;
    let (ada, catalogue) = (app.person(), &app.world.catalogue);
    let lace = catalogue.sell();
    let reply = ada
        .add_body(&json!({ "productId": lace.product, "quantity": 1 }))
        .await;
    assert_eq!(
        contents(&reply.assert_success(201)["cart"]),
        [(lace.variant, 1)]
    );
    let several = catalogue.sell_with(|variant| variant["variantCount"] = json!(2));
    catalogue.sell_of(several.product, |variant| {
        variant["variantCount"] = json!(2);
    });
    let reply = ada
        .add_body(&json!({ "productId": several.product, "quantity": 1 }))
        .await;
    reply.assert_error(400, "VALIDATION_ERROR");
    assert_eq!(reply.field(), "variantId");
    ada.add(several, 1).await.assert_success(201);
}

#[tokio::test]
async fn no_more_fits_in_a_line_or_a_cart_than_the_shop_says() {
    let options = Options::with(&[
        ("CART__LIMITS__PER_LINE", "4"),
        ("CART__LIMITS__LINES", "2"),
    ]);
    let app = TestApp::start_with(options).await;
    let (ada, catalogue) = (app.person(), &app.world.catalogue);
    let (first, second, third) = (catalogue.sell(), catalogue.sell(), catalogue.sell());
    ada.add(first, 3).await.assert_success(201);
    let full = ada.add(first, 2).await;
    full.assert_error(400, "VALIDATION_ERROR");
    assert_eq!(full.field(), "quantity");
    ada.add(second, 4).await.assert_success(201);
    ada.add(third, 1)
        .await
        .assert_error(400, "VALIDATION_ERROR");
    ada.add(first, 1).await.assert_success(201);
    assert_eq!(
        contents(&ada.cart().await),
        [(first.variant, 4), (second.variant, 4)]
    );
}

#[tokio::test]
async fn more_than_is_available_is_refused_counting_what_is_in_the_cart() {
    let app = TestApp::start().await;
    let ada = app.person();
    let scarce = app
        .world
        .catalogue
        .sell_with(|variant| variant["available"] = json!(3));
    ada.add(scarce, 2).await.assert_success(201);
    let refused = ada.add(scarce, 2).await;
    refused.assert_error(409, "INSUFFICIENT_STOCK");
    assert_eq!(refused.field(), "quantity");
    assert_eq!(contents(&ada.cart().await), [(scarce.variant, 2)]);
}

#[tokio::test]
async fn everything_in_a_cart_is_in_one_currency() {
    let app = TestApp::start().await;
    let (ada, catalogue) = (app.person(), &app.world.catalogue);
    let naira = catalogue.sell();
    let dollars = catalogue.sell_with(|variant| variant["currency"] = json!("USD"));
    let line = Shopper::line(&ada.add(naira, 1).await, 0);
    ada.add(dollars, 1).await.assert_error(409, "CONFLICT");
    assert_eq!(contents(&ada.cart().await), [(naira.variant, 1)]);
    ada.remove(&line).await.assert_success(200);
    let reply = ada.add(dollars, 1).await;
    assert_eq!(reply.assert_success(201)["cart"]["currency"], "USD");
}

#[tokio::test]
async fn a_bearer_token_that_is_not_valid_does_not_make_a_guest() {
    let app = TestApp::start().await;
    let lace = app.world.catalogue.sell();
    let body = json!({ "productId": lace.product, "variantId": lace.variant, "quantity": 1 });
    let line = format!("/api/v1/cart/items/{}", ids::new_id());
    for (method, path) in [
        (Method::GET, "/api/v1/cart"),
        (Method::GET, "/api/v1/cart/totals"),
        (Method::POST, "/api/v1/cart/items"),
        (Method::POST, "/api/v1/cart/merge"),
        (Method::PATCH, line.as_str()),
        (Method::DELETE, line.as_str()),
        (Method::DELETE, "/api/v1/cart"),
    ] {
        let request = app.request(method.clone(), path).bearer_auth("x.y.z");
        let request = if method == Method::POST || method == Method::PATCH {
            request.json(&body)
        } else {
            request
        };
        let reply = request.reply().await;
        reply.assert_error(401, "AUTHENTICATION_ERROR");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
    assert!(app.rows("SELECT id FROM cart.carts").await.is_empty());
}

#[tokio::test]
async fn a_repeated_key_answers_the_same_and_adds_once() {
    let app = TestApp::start().await;
    let (ada, lace) = (app.person(), app.world.catalogue.sell());
    let add = |key: &str, quantity: i64| {
        let body =
            json!({ "productId": lace.product, "variantId": lace.variant, "quantity": quantity });
        let request = ada.ask(Method::POST, "/cart/items").json(&body);
        request.header("Idempotency-Key", key)
    };
    let first = add("k1", 2).reply().await;
    first.assert_success(201);
    let again = add("k1", 2).reply().await;
    assert_eq!((again.status, &again.bytes), (201, &first.bytes));
    assert_eq!(again.header("idempotent-replayed"), "true");
    add("k1", 3)
        .reply()
        .await
        .assert_error(422, "IDEMPOTENCY_KEY_REUSED");
    add("with space", 1)
        .reply()
        .await
        .assert_error(400, "VALIDATION_ERROR");
    assert_eq!(contents(&ada.cart().await), [(lace.variant, 2)]);
    // A refusal gives the key back.
    add("k2", 9)
        .reply()
        .await
        .assert_error(400, "VALIDATION_ERROR");
    add("k2", 9)
        .reply()
        .await
        .assert_error(400, "VALIDATION_ERROR");
    let others = app.person();
    let body = json!({ "productId": lace.product, "variantId": lace.variant, "quantity": 2 });
    let reply = others
        .ask(Method::POST, "/cart/items")
        .json(&body)
        .header("Idempotency-Key", "k1");
    let reply = reply.reply().await;
    assert_eq!(
        reply.header("idempotent-replayed"),
        "",
        "keys are each person's own"
    );
    assert_ne!(reply.bytes, first.bytes);
}

#[tokio::test]
async fn a_key_that_is_sent_many_times_at_once_adds_once() {
    let app = TestApp::start().await;
    let (ada, lace) = (app.person(), app.world.catalogue.sell());
    let body: Value =
        json!({ "productId": lace.product, "variantId": lace.variant, "quantity": 1 });
    let asked = (0..8).map(|_| {
        let request = ada.ask(Method::POST, "/cart/items").json(&body);
        request.header("Idempotency-Key", "same").reply()
    });
    let replies = futures_util::future::join_all(asked).await;
    for reply in &replies {
        match reply.status {
            201 => {}
            _ => reply.assert_error(409, "IDEMPOTENCY_IN_PROGRESS"),
        }
    }
    assert!(replies.iter().any(|reply| reply.status == 201));
    assert_eq!(contents(&ada.cart().await), [(lace.variant, 1)]);
}
