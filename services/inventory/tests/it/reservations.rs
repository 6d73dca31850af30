use std::sync::Arc;

use common::ids;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::{self, Ask as _};

use crate::app::TestApp;
use crate::orders::wanted;

#[tokio::test(flavor = "multi_thread")]
async fn stock_is_held_sold_and_held_no_more() {
    let app = TestApp::start().await;
    let (a, b, order) = (app.stocked(5).await, app.stocked(3).await, ids::new_id());
    // Lines of one variant are merged.
    let reply = app
        .reserve(order, ids::new_id(), &[(a, 1), (b, 3), (a, 1)])
        .await;
    let held = &reply.assert_success(201)["reservation"];
    assert_eq!(held["state"], "active");
    assert_eq!(held["lines"].as_array().unwrap().len(), 2);
    assert_eq!(
        (app.stock_of(a).await, app.stock_of(b).await),
        ((5, 2), (3, 3))
    );
    app.assert_sound().await;

    for _ in 0..2 {
        let sold = app.command(order, "commit").await;
        assert_eq!(sold.assert_success(200)["outcome"], "committed");
        assert_eq!(
            (app.stock_of(a).await, app.stock_of(b).await),
            ((3, 0), (0, 0))
        );
    }
    app.command(order, "release")
        .await
        .assert_error(409, "INVALID_STATE");
    app.command(order, "extend")
        .await
        .assert_error(409, "INVALID_STATE");
    assert_eq!(app.reservation(order).await["state"], "committed");
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_with_one_line_too_many_holds_nothing_and_learns_which() {
    let app = TestApp::start().await;
    assert_eq!(app.counted("oversell_attempts_total").await, 0);
    let (a, b, unknown) = (app.stocked(5).await, app.stocked(1).await, ids::new_id());
    let order = ids::new_id();
    let reply = app
        .reserve(order, ids::new_id(), &[(a, 2), (b, 2), (unknown, 1)])
        .await;
    reply.assert_error(409, "INSUFFICIENT_STOCK");
    assert_eq!(app.counted("oversell_attempts_total").await, 1);
    let details = reply.body["details"].as_array().unwrap();
    let of = |variant: uuid::Uuid| {
        let found = details
            .iter()
            .find(|detail| detail["field"] == json!(variant));
        found.map(|detail| detail["message"].as_str().unwrap().to_owned())
    };
    assert_eq!(of(b).as_deref(), Some("2 wanted, 1 available"));
    assert_eq!(of(unknown).as_deref(), Some("1 wanted, 0 available"));
    assert_eq!(of(a), None);
    assert_eq!(app.stock_of(a).await, (5, 0));
    let path = format!("reservations/{order}");
    app.internal(Method::GET, &path, None)
        .await
        .assert_error(404, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_answers_the_same_and_other_lines_are_refused() {
    let app = TestApp::start().await;
    let (variant, order, user) = (app.stocked(5).await, ids::new_id(), ids::new_id());
    let first = app.reserve(order, user, &[(variant, 2)]).await;
    let again = app
        .reserve(order, user, &[(variant, 1), (variant, 1)])
        .await;
    assert_eq!(first.assert_success(201), again.assert_success(200));
    app.reserve(order, user, &[(variant, 3)])
        .await
        .assert_error(409, "CONFLICT");
    assert_eq!(app.stock_of(variant).await, (5, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_order_never_holds_anything_again() {
    let app = TestApp::start().await;
    let (variant, order, user) = (app.stocked(5).await, ids::new_id(), ids::new_id());
    app.reserve(order, user, &[(variant, 2)])
        .await
        .assert_success(201);
    for _ in 0..2 {
        app.command(order, "release").await.assert_success(200);
    }
    assert_eq!(app.stock_of(variant).await, (5, 0));
    app.reserve(order, user, &[(variant, 2)])
        .await
        .assert_error(409, "INVALID_STATE");
    let sold = app.command(order, "commit").await;
    assert_eq!(sold.assert_success(200)["outcome"], "unavailable");
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reservation_that_its_release_overtook_holds_nothing() {
    let app = TestApp::start().await;
    let (variant, order) = (app.stocked(5).await, ids::new_id());
    app.command(order, "release").await.assert_success(200);
    assert_eq!(app.reservation(order).await["expiresAt"], Value::Null);
    let reply = app.reserve(order, ids::new_id(), &[(variant, 1)]).await;
    reply.assert_error(409, "INVALID_STATE");
    assert_eq!(app.stock_of(variant).await, (5, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_known_of_an_unknown_order() {
    let app = TestApp::start().await;
    let order = ids::new_id();
    let sold = app.command(order, "commit").await;
    assert_eq!(sold.assert_success(200)["outcome"], "unavailable");
    app.command(order, "extend")
        .await
        .assert_error(404, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_refused_and_nothing_is_held() {
    let app = TestApp::start().await;
    let variant = app.stocked(5).await;
    let good = wanted(ids::new_id(), ids::new_id(), &[(variant, 1)], 900);
    let bad = [
        ("lines", json!([]), "lines"),
        (
            "lines",
            json!([{ "variantId": variant, "quantity": 0 }]),
            "lines.0.quantity",
        ),
        (
            "lines",
            json!([{ "variantId": variant, "quantity": -1 }]),
            "lines.0.quantity",
        ),
        (
            "lines",
            json!([{ "variantId": variant, "quantity": 1001 }]),
            "lines.0.quantity",
        ),
        (
            "lines",
            json!([{ "variantId": variant, "quantity": 1.5 }]),
            "lines.0.quantity",
        ),
        (
            "lines",
            json!([{ "variantId": variant, "quantity": 600 }, { "variantId": ids::new_id(), "quantity": 600 }]),
            "lines",
        ),
        (
            "lines",
            json!([{ "variantId": "x", "quantity": 1 }]),
            "lines.0.variantId",
        ),
        ("ttlSeconds", json!(0), "ttlSeconds"),
        ("ttlSeconds", json!(1_000_000), "ttlSeconds"),
        ("orderId", json!("1"), "orderId"),
        ("buyer", json!({}), "buyer.userId"),
        (
            "buyer",
            json!({ "userId": ids::new_id(), "addressHash": "" }),
            "buyer.addressHash",
        ),
        ("colour", json!("red"), "colour"),
    ];
    for (field, value, refused) in bad {
        let mut body = good.clone();
        body[field] = value;
        let reply = app
            .internal(Method::POST, "reservations", Some(&body))
            .await;
        reply.assert_error(400, "VALIDATION_ERROR");
        assert_eq!(reply.field(), refused, "{body}");
    }
    let reply = app
        .internal(Method::POST, "reservations/x/commit", None)
        .await;
    reply.assert_error(400, "VALIDATION_ERROR");
    assert_eq!(app.stock_of(variant).await, (5, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_orders_may_command() {
    let app = TestApp::start().await;
    let (variant, order) = (app.stocked(5).await, ids::new_id());
    let body = wanted(order, ids::new_id(), &[(variant, 1)], 900);
    let commands = [
        (Method::POST, "reservations".to_owned()),
        (Method::GET, format!("reservations/{order}")),
        (Method::POST, format!("reservations/{order}/commit")),
        (Method::POST, format!("reservations/{order}/release")),
        (Method::POST, format!("reservations/{order}/extend")),
    ];
    for (method, path) in commands {
        let ask = || {
            app.request(method.clone(), &format!("/internal/{path}"))
                .json(&body)
        };
        ask()
            .reply()
            .await
            .assert_error(401, "AUTHENTICATION_ERROR");
        let stranger = service::service_token("auth", "inventory");
        let refused = ask().bearer_auth(stranger).reply().await;
        refused.assert_error(403, "AUTHORIZATION_ERROR");
    }
    assert_eq!(app.stock_of(variant).await, (5, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_order_sent_many_times_at_once_holds_once() {
    let app = Arc::new(TestApp::start().await);
    let (variant, order, user) = (app.stocked(50).await, ids::new_id(), ids::new_id());
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let app = Arc::clone(&app);
            tokio::spawn(async move { app.reserve(order, user, &[(variant, 2)]).await })
        })
        .collect();
    let mut statuses = Vec::new();
    for reply in asking {
        statuses.push(reply.await.unwrap().status);
    }
    statuses.sort_unstable();
    // One of them began the hold; the others found it.
    assert_eq!(statuses[..19], [200; 19]);
    assert_eq!(statuses[19], 201);
    assert_eq!(app.stock_of(variant).await, (50, 2));
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sold_and_released_at_once_is_one_of_both() {
    let app = Arc::new(TestApp::start().await);
    let variant = app.stocked(50).await;
    for _ in 0..10 {
        let order = ids::new_id();
        app.reserve(order, ids::new_id(), &[(variant, 1)])
            .await
            .assert_success(201);
        let (sold, released) =
            tokio::join!(app.command(order, "commit"), app.command(order, "release"));
        let is_sold = sold.assert_success(200)["outcome"] == "committed";
        assert_eq!(
            is_sold,
            released.status == 409,
            "{} {}",
            sold.body,
            released.body
        );
    }
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_waits_for_a_locked_row_and_does_not_hold_up_the_others() {
    let app = Arc::new(TestApp::start().await);
    let (locked, free) = (app.stocked(5).await, app.stocked(5).await);
    let url = app.world.db.url();
    let (mut client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let holding = client.transaction().await.unwrap();
    let sql = format!("SELECT FROM inventory.stock_items WHERE variant_id = '{locked}' FOR UPDATE");
    holding.batch_execute(&sql).await.unwrap();
    let waiting = {
        let app = Arc::clone(&app);
        tokio::spawn(async move {
            app.reserve(ids::new_id(), ids::new_id(), &[(locked, 1)])
                .await
        })
    };
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    app.reserve(ids::new_id(), ids::new_id(), &[(free, 1)])
        .await
        .assert_success(201);
    assert!(!waiting.is_finished(), "it waits for the lock");
    holding.commit().await.unwrap();
    waiting.await.unwrap().assert_success(201);
}
