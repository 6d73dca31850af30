//! What people want to remember.

use common::{Clock as _, ids};
use reqwest::Method;
use serde_json::json;
use test_support::service::{self, Ask as _};

use crate::app::TestApp;

#[tokio::test]
async fn a_wishlist_is_its_owners_alone() {
    let app = TestApp::start().await;
    let product = app.plain_product("A", "Lace", json!(1)).await;
    let token = || service::access_token(ids::new_id(), "customer", app.world.clock.now());
    let (ada, bola) = (token(), token());
    let send = |token: &str, method: Method, path: &str| {
        app.request(method, &format!("/api/v1/wishlist{path}"))
            .bearer_auth(token)
    };
    let wish = json!({ "productId": product["id"] });
    for _ in 0..2 {
        send(&ada, Method::POST, "")
            .json(&wish)
            .reply()
            .await
            .assert_success(201);
    }
    let list = send(&ada, Method::GET, "").reply().await;
    let items = list.assert_success(200)["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["title"], "Lace");
    assert!(items[0]["addedAt"].is_string());
    let others = send(&bola, Method::GET, "").reply().await;
    assert_eq!(others.data()["items"], json!([]));
    let path = format!("/check/{}", product["id"].as_str().unwrap());
    let check = send(&ada, Method::GET, &path).reply().await;
    assert_eq!(check.data()["inWishlist"], true);
    let path = format!("/{}", product["id"].as_str().unwrap());
    send(&ada, Method::DELETE, &path)
        .reply()
        .await
        .assert_success(200);
    assert_eq!(
        send(&ada, Method::GET, "").reply().await.data()["items"],
        json!([])
    );
    let unknown = json!({ "productId": ids::new_id() });
    send(&ada, Method::POST, "")
        .json(&unknown)
        .reply()
        .await
        .assert_error(404, "NOT_FOUND");
    app.request(Method::GET, "/api/v1/wishlist")
        .reply()
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
}
