use common::ids;
use reqwest::Method;
use serde_json::json;

use crate::app::TestApp;
use crate::orders::wanted;

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_holds_three_orders_and_no_fourth_until_one_ends() {
    let app = TestApp::start().await;
    let (variant, user) = (app.stocked(50).await, ids::new_id());
    let orders: Vec<_> = (0..3).map(|_| ids::new_id()).collect();
    for order in &orders {
        app.reserve(*order, user, &[(variant, 1)])
            .await
            .assert_success(201);
    }
    let refused = app.reserve(ids::new_id(), user, &[(variant, 1)]).await;
    refused.assert_error(429, "RESERVATION_LIMIT");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=900).contains(&wait), "{wait}");
    assert_eq!(app.stock_of(variant).await, (50, 3));
    // Stock is checked first.
    let refused = app.reserve(ids::new_id(), user, &[(variant, 100)]).await;
    refused.assert_error(409, "INSUFFICIENT_STOCK");
    // A repetition of what is held is no further order.
    app.reserve(orders[0], user, &[(variant, 1)])
        .await
        .assert_success(200);
    app.command(orders[0], "commit").await.assert_success(200);
    app.reserve(ids::new_id(), user, &[(variant, 1)])
        .await
        .assert_success(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn units_are_counted_over_the_other_orders() {
    let app = TestApp::start().await;
    let (variant, user) = (app.stocked(500).await, ids::new_id());
    app.reserve(ids::new_id(), user, &[(variant, 100)])
        .await
        .assert_success(201);
    let refused = app.reserve(ids::new_id(), user, &[(variant, 1)]).await;
    refused.assert_error(429, "RESERVATION_LIMIT");
    app.reserve(ids::new_id(), ids::new_id(), &[(variant, 1)])
        .await
        .assert_success(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_order_wants_is_not_counted_against_its_buyer() {
    let app = TestApp::start().await;
    let (variant, user, order) = (app.stocked(500).await, ids::new_id(), ids::new_id());
    app.reserve(ids::new_id(), user, &[(variant, 19)])
        .await
        .assert_success(201);
    // The others hold 19 of 20; this one may want more than is left of that.
    app.reserve(order, user, &[(variant, 30)])
        .await
        .assert_success(201);
    app.reserve(order, user, &[(variant, 30)])
        .await
        .assert_success(200);
    let refused = app.reserve(ids::new_id(), user, &[(variant, 1)]).await;
    refused.assert_error(429, "RESERVATION_LIMIT");
    assert_eq!(app.stock_of(variant).await, (500, 49));
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_time_is_over_comes_back_only_within_the_limits() {
    // Whether or not the timer has seen that its time is over.
    for sweep in ["50", "3600000"] {
        let app = TestApp::start_with(&[("HOLDS__SWEEP_MS", sweep)]).await;
        let (variant, user, late) = (app.stocked(50).await, ids::new_id(), ids::new_id());
        app.reserve(late, user, &[(variant, 1)])
            .await
            .assert_success(201);
        app.let_pass(late).await;
        if sweep == "50" {
            app.until_state(late, "expired").await;
        }
        let mut others = Vec::new();
        for _ in 0..3 {
            let other = ids::new_id();
            app.reserve(other, user, &[(variant, 1)])
                .await
                .assert_success(201);
            others.push(other);
        }
        let refused = app.reserve(late, user, &[(variant, 1)]).await;
        refused.assert_error(429, "RESERVATION_LIMIT");
        app.command(others[0], "release").await.assert_success(200);
        app.reserve(late, user, &[(variant, 1)])
            .await
            .assert_success(201);
        assert_eq!(app.stock_of(variant).await, (50, 3));
        app.assert_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_has_at_most_as_many_units_as_the_setting_says() {
    let app = TestApp::start_with(&[("LIMITS__UNITS_PER_ORDER", "3")]).await;
    let variant = app.stocked(50).await;
    let refused = app
        .reserve(ids::new_id(), ids::new_id(), &[(variant, 2), (variant, 2)])
        .await;
    refused.assert_error(400, "VALIDATION_ERROR");
    app.reserve(ids::new_id(), ids::new_id(), &[(variant, 3)])
        .await
        .assert_success(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_holds_as_many_orders_as_the_setting_says() {
    let app = TestApp::start_with(&[("LIMITS__ORDERS_PER_ADDRESS", "1")]).await;
    let variant = app.stocked(50).await;
    let mut statuses = Vec::new();
    for address in ["abc", "abc", "def"] {
        let mut body = wanted(ids::new_id(), ids::new_id(), &[(variant, 1)], 900);
        body["buyer"]["addressHash"] = json!(address);
        let reply = app
            .internal(Method::POST, "reservations", Some(&body))
            .await;
        statuses.push(reply.status);
    }
    assert_eq!(statuses, [201, 429, 201]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_orders_of_one_buyer_at_once_do_not_pass_the_limit() {
    let app = std::sync::Arc::new(TestApp::start().await);
    let (variant, user) = (app.stocked(50).await, ids::new_id());
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let app = std::sync::Arc::clone(&app);
            tokio::spawn(async move {
                app.reserve(ids::new_id(), user, &[(variant, 1)])
                    .await
                    .status
            })
        })
        .collect();
    let mut held = 0;
    for status in asking {
        match status.await.unwrap() {
            201 => held += 1,
            status => assert_eq!(status, 429),
        }
    }
    assert_eq!(held, 3);
    app.assert_sound().await;
}
