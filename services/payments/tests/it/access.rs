//! Who may see and do what.

use common::ids;
use reqwest::Method;
use serde_json::json;
use test_support::service::{self, Ask as _};

use crate::app::TestApp;
use crate::shop::staff;

#[tokio::test(flavor = "multi_thread")]
async fn buyers_see_their_own_payments_and_finance_all() {
    let app = TestApp::start().await;
    let (one, other) = (app.paid().await, app.begun().await);
    let ids_seen = async |user, role: &str, query: &str| {
        let reply = app.get_as(user, role, &format!("/payments{query}")).await;
        let data = reply.assert_success(200);
        let listed = data["payments"].as_array().unwrap().clone();
        let ids: Vec<String> = listed
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect();
        ids
    };
    let own = vec![one.id.to_string()];
    assert_eq!(ids_seen(one.order.user, "customer", "").await, own);
    // Staff that does not look after money sees their own, like anybody.
    for role in ["merchant", "fulfilment"] {
        assert_eq!(ids_seen(one.order.user, role, "").await, own);
        assert!(ids_seen(staff(), role, "").await.is_empty());
    }
    for role in ["finance", "admin"] {
        let all = ids_seen(staff(), role, "").await;
        assert_eq!(all, [other.id.to_string(), one.id.to_string()]);
        assert_eq!(ids_seen(staff(), role, "?status=paid").await, own);
        let of_order = format!("?orderId={}", one.order.id);
        assert_eq!(ids_seen(staff(), role, &of_order).await, own);
        assert_eq!(ids_seen(staff(), role, "?limit=1&page=2").await, own);
    }
    let stranger = ids::new_id();
    for path in [
        format!("/payments/{}", one.id),
        format!("/payments/verify/{}", one.reference),
        format!("/payments/{}", ids::new_id()),
        "/payments/verify/AGP-NOBODY-1".to_owned(),
    ] {
        let reply = app.get_as(stranger, "customer", &path).await;
        reply.assert_error(404, "NOT_FOUND");
        let reply = app.get_as(staff(), "merchant", &path).await;
        reply.assert_error(404, "NOT_FOUND");
        let nobody = app.request(Method::GET, &format!("/api/v1{path}"));
        nobody
            .reply()
            .await
            .assert_error(401, "AUTHENTICATION_ERROR");
    }
    let path = format!("/payments/{}/verify", one.id);
    let reply = app
        .ask_as(stranger, "customer", Method::POST, &path)
        .reply()
        .await;
    reply.assert_error(404, "NOT_FOUND");
    let reply = app
        .get_as(staff(), "finance", &format!("/payments/{}", one.id))
        .await;
    reply.assert_success(200);
    for bad in [
        "/payments/x",
        "/payments?status=Paid",
        "/payments?page=0",
        "/payments?orderId=x",
        "/payments/verify/a%20b",
    ] {
        let reply = app.get_as(staff(), "finance", bad).await;
        reply.assert_error(400, "VALIDATION_ERROR");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_look_after_money_refund_or_read_the_books() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    let body = json!({ "reason": "x", "amount": 1 });
    let by_payment = format!("/payments/{}/refund", paid.id);
    for role in ["customer", "merchant", "fulfilment"] {
        for path in [
            "/admin/refunds",
            "/admin/ledger",
            "/admin/ledger/trial-balance",
        ] {
            let reply = app.get_as(staff(), role, path).await;
            reply.assert_error(403, "AUTHORIZATION_ERROR");
        }
        let reply = app.post_keyed(role, &by_payment, "k", &body).await;
        reply.assert_error(403, "AUTHORIZATION_ERROR");
        let named = json!({ "reason": "x", "amount": 1, "paymentId": paid.id });
        let reply = app.post_keyed(role, "/admin/refunds", "k", &named).await;
        reply.assert_error(403, "AUTHORIZATION_ERROR");
    }
    for (method, path) in [
        (Method::GET, "/admin/refunds"),
        (Method::GET, "/admin/ledger"),
        (Method::GET, "/admin/ledger/trial-balance"),
        (Method::POST, "/admin/refunds"),
        (Method::POST, by_payment.as_str()),
    ] {
        let nobody = app.request(method, &format!("/api/v1{path}"));
        let nobody = nobody.header("idempotency-key", "k").json(&body);
        nobody
            .reply()
            .await
            .assert_error(401, "AUTHENTICATION_ERROR");
    }
    assert_eq!(app.count("refunds").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_internal_is_for_services_only() {
    let app = TestApp::start().await;
    let paths = [
        format!("/internal/privacy/{}", ids::new_id()),
        format!("/internal/payments/by-order/{}", ids::new_id()),
    ];
    for path in &paths {
        let nobody = app.request(Method::GET, path).reply().await;
        nobody.assert_error(401, "AUTHENTICATION_ERROR");
        let person = service::access_token(staff(), "admin", common::Clock::now(&app.world.clock));
        let person = app.request(Method::GET, path).bearer_auth(person);
        person
            .reply()
            .await
            .assert_error(401, "AUTHENTICATION_ERROR");
    }
    let reply = app.ask_as_service("orders", &paths[0]).await;
    reply.assert_error(403, "AUTHORIZATION_ERROR");
    let reply = app.ask_as_service("auth", &paths[1]).await;
    reply.assert_error(403, "AUTHORIZATION_ERROR");
    let reply = app.ask_as_service("orders", &paths[1]).await;
    assert_eq!(reply.assert_success(200)["payments"], json!([]));
}
