//! Carts of people who are not signed in.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::json;
use test_support::service::{Ask as _, Reply};

use crate::app::{Shopper, TestApp, contents};

/// The token that an answer hands over.
fn session(reply: &Reply) -> String {
    let session = reply.header("x-session-id").to_owned();
    assert!(!session.is_empty(), "{:?}", reply.headers);
    session
}

#[tokio::test]
async fn a_guest_gets_an_identity_with_the_first_change_and_keeps_it() {
    let app = TestApp::start().await;
    let lace = app.world.catalogue.sell();
    let read = app.guest(None).ask(Method::GET, "/cart").reply().await;
    assert_eq!(
        (read.header("x-session-id"), read.header("set-cookie")),
        ("", "")
    );
    let first = app.guest(None).add(lace, 1).await;
    first.assert_success(201);
    let token = session(&first);
    let cookie = first.header("set-cookie");
    assert!(
        cookie.starts_with(&format!("cart_session={token};")),
        "{cookie}"
    );
    for part in [
        "HttpOnly",
        "SameSite=Lax",
        "Secure",
        "Path=/",
        "Max-Age=604800",
    ] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    let guest = app.guest(Some(&token));
    let second = guest.add(lace, 1).await;
    assert_eq!(
        contents(&second.assert_success(201)["cart"]),
        [(lace.variant, 2)]
    );
    assert_eq!(session(&second), token);
    let by_cookie = app
        .request(Method::GET, "/api/v1/cart")
        .header("Cookie", format!("other=1; cart_session={token}"));
    let by_cookie = by_cookie.reply().await;
    assert_eq!(
        contents(&by_cookie.assert_success(200)["cart"]),
        [(lace.variant, 2)]
    );
    let line = Shopper::line(&second, 0);
    let changed = guest.set(&line, 1).await;
    changed.assert_success(200);
    assert_eq!(session(&changed), token, "the cookie lives on");
}

#[tokio::test]
async fn identities_are_random_and_only_their_hash_is_kept() {
    let app = TestApp::start().await;
    let lace = app.world.catalogue.sell();
    let mut seen = HashSet::new();
    for _ in 0..20 {
        let token = session(&app.guest(None).add(lace, 1).await);
        assert_eq!(token.len(), 43, "256 bits in base64");
        assert!(seen.insert(token));
    }
    let stored = app
        .rows("SELECT encode(guest_token_hash, 'hex') AS hash, c.* FROM cart.carts c")
        .await;
    assert_eq!(stored.len(), 20);
    let dump = serde_json::to_string(&stored).unwrap();
    assert!(seen.iter().all(|token| !dump.contains(token.as_str())));
    assert_eq!(stored[0]["hash"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn a_token_that_this_shop_did_not_give_is_never_taken_over() {
    let app = TestApp::start().await;
    let lace = app.world.catalogue.sell();
    let planted = "P".repeat(43);
    let reply = app.guest(Some(&planted)).add(lace, 1).await;
    reply.assert_success(201);
    assert_ne!(session(&reply), planted);
    assert_eq!(
        app.guest(Some(&planted)).cart().await["items"],
        json!([]),
        "whoever planted it sees nothing"
    );
    for forged in [
        "",
        "x",
        "../../etc/passwd",
        &"é".repeat(20),
        &"a".repeat(5_000),
    ] {
        let request = app
            .request(Method::GET, "/api/v1/cart")
            .header("Cookie", format!("cart_session={forged}"));
        assert_eq!(
            request.reply().await.assert_success(200)["cart"]["items"],
            json!([])
        );
    }
}

#[tokio::test]
async fn a_refused_first_change_leaves_no_identity_behind() {
    let app = TestApp::start().await;
    let scarce = app
        .world
        .catalogue
        .sell_with(|variant| variant["available"] = json!(0));
    let reply = app.guest(None).add(scarce, 1).await;
    reply.assert_error(409, "INSUFFICIENT_STOCK");
    assert_eq!(
        (reply.header("x-session-id"), reply.header("set-cookie")),
        ("", "")
    );
}

#[tokio::test]
async fn a_known_guest_may_use_keys_and_a_new_one_gets_no_answer_of_another() {
    let app = TestApp::start().await;
    let lace = app.world.catalogue.sell();
    let body = json!({ "productId": lace.product, "variantId": lace.variant, "quantity": 1 });
    let add = |token: Option<&str>| {
        let request = app.guest(token).ask(Method::POST, "/cart/items");
        request.json(&body).header("Idempotency-Key", "k").reply()
    };
    let (one, other) = (add(None).await, add(None).await);
    one.assert_success(201);
    other.assert_success(201);
    assert_ne!(session(&one), session(&other));
    assert_ne!(one.data()["cart"]["id"], other.data()["cart"]["id"]);
    let token = session(&one);
    let first = add(Some(&token)).await;
    let again = add(Some(&token)).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(first.bytes, again.bytes);
    assert_eq!(
        contents(&app.guest(Some(&token)).cart().await),
        [(lace.variant, 2)]
    );
}

#[tokio::test]
async fn an_expired_cart_is_gone_even_before_it_is_swept() {
    let app = TestApp::start().await;
    let lace = app.world.catalogue.sell();
    let token = session(&app.guest(None).add(lace, 3).await);
    let ada = app.person();
    ada.add(lace, 3).await.assert_success(201);
    app.world
        .execute("UPDATE cart.carts SET expires_at = now() - interval '1 second'")
        .await;
    assert_eq!(app.guest(Some(&token)).cart().await["items"], json!([]));
    let reply = app.guest(Some(&token)).add(lace, 1).await;
    assert_eq!(
        contents(&reply.assert_success(201)["cart"]),
        [(lace.variant, 1)]
    );
    assert_ne!(session(&reply), token);
    assert_eq!(ada.cart().await["items"], json!([]));
    let reply = ada.add(lace, 1).await;
    assert_eq!(
        contents(&reply.assert_success(201)["cart"]),
        [(lace.variant, 1)]
    );
    let kept = app
        .rows("SELECT (expires_at - updated_at)::text AS kept, user_id FROM cart.carts WHERE expires_at > now()")
        .await;
    for cart in kept {
        let days = if cart["user_id"].is_null() {
            "7 days"
        } else {
            "30 days"
        };
        assert_eq!(cart["kept"], days);
    }
}
