//! A guest signs in.

use reqwest::Method;
use serde_json::json;
use test_support::service::Ask as _;

use crate::app::{TestApp, contents};
use crate::catalogue::Thing;

async fn guest_with(app: &TestApp, things: &[(Thing, i64)]) -> String {
    let mut token: Option<String> = None;
    for (thing, quantity) in things {
        let reply = app.guest(token.as_deref()).add(*thing, *quantity).await;
        reply.assert_success(201);
        token = Some(reply.header("x-session-id").to_owned());
    }
    token.unwrap()
}

#[tokio::test]
async fn two_carts_become_one_and_repeating_it_adds_nothing() {
    let app = TestApp::start().await;
    let (ada, catalogue) = (app.person(), &app.world.catalogue);
    let (lace, silk) = (catalogue.sell(), catalogue.sell());
    ada.add(lace, 7).await.assert_success(201);
    let token = guest_with(&app, &[(lace, 6), (silk, 2)]).await;
    let merged = ada.merge(&token).await;
    let cart = merged.assert_success(200)["cart"].clone();
    assert_eq!(
        contents(&cart),
        [(lace.variant, 10), (silk.variant, 2)],
        "summed and capped"
    );
    let cookie = merged.header("set-cookie");
    assert!(
        cookie.starts_with("cart_session=;") && cookie.contains("Max-Age=0"),
        "{cookie}"
    );
    for _ in 0..2 {
        assert_eq!(ada.merge(&token).await.assert_success(200)["cart"], cart);
    }
    assert_eq!(ada.cart().await, cart);
    assert_eq!(app.guest(Some(&token)).cart().await["items"], json!([]));
    let other = app.person();
    let nothing = other.merge(&token).await;
    assert_eq!(nothing.assert_success(200)["cart"]["items"], json!([]));
}

#[tokio::test]
async fn the_guest_is_told_by_body_header_or_cookie() {
    let app = TestApp::start().await;
    let lace = app.world.catalogue.sell();
    let ada = app.person();
    let token = guest_with(&app, &[(lace, 1)]).await;
    let by_header = ada
        .ask(Method::POST, "/cart/merge")
        .header("X-Session-ID", &token);
    let by_header = by_header.reply().await;
    assert_eq!(
        contents(&by_header.assert_success(200)["cart"]),
        [(lace.variant, 1)]
    );
    let token = guest_with(&app, &[(lace, 1)]).await;
    let by_cookie = ada
        .ask(Method::POST, "/cart/merge")
        .header("Cookie", format!("cart_session={token}"));
    let by_cookie = by_cookie.json(&json!({})).reply().await;
    assert_eq!(
        contents(&by_cookie.assert_success(200)["cart"]),
        [(lace.variant, 2)]
    );
    let nobody = ada.ask(Method::POST, "/cart/merge").reply().await;
    assert_eq!(
        contents(&nobody.assert_success(200)["cart"]),
        [(lace.variant, 2)]
    );
    for body in [
        json!({ "sessionId": "short" }),
        json!({ "sessionId": 5 }),
        json!({ "session": "x" }),
    ] {
        let reply = ada
            .ask(Method::POST, "/cart/merge")
            .json(&body)
            .reply()
            .await;
        reply.assert_error(400, "VALIDATION_ERROR");
    }
    let unknown = ada.merge(&"u".repeat(43)).await;
    assert_eq!(
        contents(&unknown.assert_success(200)["cart"]),
        [(lace.variant, 2)]
    );
    let anonymous = app
        .guest(Some(&token))
        .ask(Method::POST, "/cart/merge")
        .reply()
        .await;
    anonymous.assert_error(401, "AUTHENTICATION_ERROR");
}

#[tokio::test]
async fn carts_in_two_currencies_both_stay_as_they_are() {
    let app = TestApp::start().await;
    let (ada, catalogue) = (app.person(), &app.world.catalogue);
    let naira = catalogue.sell();
    let dollars = catalogue.sell_with(|variant| variant["currency"] = json!("USD"));
    ada.add(naira, 1).await.assert_success(201);
    let token = guest_with(&app, &[(dollars, 2)]).await;
    ada.merge(&token).await.assert_error(409, "CONFLICT");
    assert_eq!(contents(&ada.cart().await), [(naira.variant, 1)]);
    assert_eq!(
        contents(&app.guest(Some(&token)).cart().await),
        [(dollars.variant, 2)]
    );
}

#[tokio::test]
async fn merging_many_times_at_once_counts_once_for_one_of_them() {
    let app = TestApp::start().await;
    let beside = app.start_beside().await;
    let (lace, silk) = (app.world.catalogue.sell(), app.world.catalogue.sell());
    for _ in 0..5 {
        let ada = app.person();
        let there = beside.person_with(ada.id);
        let token = guest_with(&app, &[(lace, 2), (silk, 1)]).await;
        let here = (0..4).map(|_| ada.merge(&token));
        let elsewhere = (0..4).map(|_| there.merge(&token));
        let eve = app.person();
        let (here, elsewhere, stolen, added) = tokio::join!(
            futures_util::future::join_all(here),
            futures_util::future::join_all(elsewhere),
            eve.merge(&token),
            ada.add(lace, 1),
        );
        for reply in here.iter().chain(&elsewhere).chain([&stolen]) {
            reply.assert_success(200);
        }
        added.assert_success(201);
        let of = |cart: &serde_json::Value| -> i64 { cart["itemCount"].as_i64().unwrap() };
        let (adas, eves) = (of(&ada.cart().await), of(&eve.cart().await));
        assert_eq!(
            adas + eves,
            4,
            "what was there once is there once: {adas} and {eves}"
        );
    }
}
