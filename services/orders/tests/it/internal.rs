use reqwest::Method;
use serde_json::json;
use test_support::service::{self, Ask as _};

use crate::app::{TestApp, id_of};
use crate::settling::pay;
use crate::world::email_of;

#[tokio::test(flavor = "multi_thread")]
async fn payments_learns_what_is_due() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let path = format!("/internal/orders/{}/due", id_of(&order));
    let due = app.as_service(Method::GET, &path).await.assert_success(200)["due"].clone();
    assert_eq!(
        due,
        json!({
            "orderId": order["id"], "orderNumber": order["orderNumber"], "userId": ada.id, "email": email_of(ada.id),
            "amount": 2575.0, "currency": "NGN", "state": "pending", "isPayable": true, "expiresAt": order["expiresAt"],
        })
    );
    pay(&app, &order).await;
    let due = app.as_service(Method::GET, &path).await.assert_success(200)["due"].clone();
    assert_eq!(
        (&due["isPayable"], &due["state"]),
        (&json!(false), &json!("processing"))
    );
    let nothing = format!("/internal/orders/{}/due", common::ids::new_id());
    app.as_service(Method::GET, &nothing)
        .await
        .assert_error(404, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_question_is_for_its_own_service() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = id_of(&ada.buy(lace, 1).await);
    // Payments may read what mails say: it is evidence in a dispute.
    let view = format!("/internal/orders/{order}/mail-view");
    let seen = app.as_service(Method::GET, &view).await;
    assert_eq!(seen.assert_success(200)["mailView"]["name"], "Ada Obi");
    for path in [
        format!("/internal/orders/{order}/invoice"),
        format!("/internal/privacy/{}", ada.id),
    ] {
        app.as_service(Method::GET, &path)
            .await
            .assert_error(403, "AUTHORIZATION_ERROR");
        app.request(Method::GET, &path)
            .reply()
            .await
            .assert_error(401, "AUTHENTICATION_ERROR");
        let person = service::access_token(ada.id, "admin", common::Clock::now(&app.world.clock));
        let reply = app
            .request(Method::GET, &path)
            .bearer_auth(person)
            .reply()
            .await;
        reply.assert_error(401, "AUTHENTICATION_ERROR");
    }
}
