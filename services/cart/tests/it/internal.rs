//! What other services ask.

use common::ids;
use reqwest::Method;
use serde_json::json;
use test_support::service::{Ask as _, Reply};
use uuid::Uuid;

use crate::app::{TestApp, service_token};

async fn ask(app: &TestApp, path: &str, issuer: &str) -> Reply {
    let request = app.request(Method::GET, path);
    request.bearer_auth(service_token(issuer)).reply().await
}

#[tokio::test]
async fn orders_gets_what_is_in_a_persons_cart() {
    let app = TestApp::start().await;
    let ada = app.person();
    let lace = app.world.catalogue.sell();
    ada.add(lace, 2).await.assert_success(201);
    let path = format!("/internal/carts/{}", ada.id);
    let cart = ask(&app, &path, "orders").await.assert_success(200)["cart"].clone();
    assert_eq!(
        (&cart["version"], &cart["currency"], &cart["items"]),
        (
            &json!(1),
            &json!("NGN"),
            &json!([{ "productId": lace.product, "variantId": lace.variant, "quantity": 2, "unitPrice": 1500.0 }])
        )
    );
    let nobody = format!("/internal/carts/{}", ids::new_id());
    let empty = ask(&app, &nobody, "orders").await.assert_success(200)["cart"].clone();
    assert_eq!(
        empty,
        json!({ "id": null, "version": 0, "currency": null, "items": [] })
    );
    refuse_others(&app, &path, "auth").await;
}

#[tokio::test]
async fn a_person_is_told_what_is_known_of_them() {
    let app = TestApp::start().await;
    let ada = app.person();
    let lace = app.world.catalogue.sell();
    ada.add(lace, 2).await.assert_success(201);
    let path = format!("/internal/privacy/{}", ada.id);
    let told = ask(&app, &path, "auth").await;
    let carts = told.assert_success(200)["carts"].clone();
    assert_eq!(carts[0]["items"][0]["variantId"], json!(lace.variant));
    assert_eq!(carts[0]["items"][0]["unitPrice"], json!(1500.0));
    let nobody = format!("/internal/privacy/{}", Uuid::nil());
    let told = ask(&app, &nobody, "auth").await;
    assert_eq!(told.assert_success(200)["carts"], json!([]));
    refuse_others(&app, &path, "orders").await;
}

async fn refuse_others(app: &TestApp, path: &str, other: &str) {
    ask(app, path, other)
        .await
        .assert_error(403, "AUTHORIZATION_ERROR");
    let anonymous = app.request(Method::GET, path).reply().await;
    anonymous.assert_error(401, "AUTHENTICATION_ERROR");
    let person = test_support::service::access_token(
        ids::new_id(),
        "admin",
        common::Clock::now(&app.world.clock),
    );
    let person = app.request(Method::GET, path).bearer_auth(person);
    person
        .reply()
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
    let malformed = path.rsplit_once('/').unwrap().0.to_owned() + "/x";
    ask(app, &malformed, "auth")
        .await
        .assert_error(400, "VALIDATION_ERROR");
}
