use chrono::TimeDelta;
use serde_json::json;

use crate::app::{TestApp, id_of};
use crate::settling::pay;
use crate::world::email_of;

#[tokio::test(flavor = "multi_thread")]
async fn orders_go_their_way() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let (ada, packer) = (app.customer(), app.staff("fulfilment"));
    let order = ada.buy(lace, 1).await;
    let path = format!("/admin/orders/{}", id_of(&order));
    packer
        .patch(&path, &json!({ "status": "shipped" }))
        .await
        .assert_error(409, "INVALID_STATE");
    packer
        .patch(&path, &json!({ "trackingNumber": "GIG-1" }))
        .await
        .assert_error(409, "INVALID_STATE");
    pay(&app, &order).await;
    let body = json!({ "status": "shipped", "trackingNumber": "GIG-1", "carrier": "GIG", "reason": "By bike" });
    let shipped = packer.patch(&path, &body).await.assert_success(200)["order"].clone();
    assert_eq!(shipped["status"], "shipped");
    assert_eq!(shipped["trackingNumber"], "GIG-1");
    let last = shipped["history"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(
        (&last["actor"], &last["note"]),
        (&json!("fulfilment"), &json!("By bike"))
    );
    let said = app.promised("order.shipped").await;
    assert_eq!(said[0]["data"]["trackingNumber"], "GIG-1");
    let again = packer.patch(&path, &json!({ "status": "shipped" })).await;
    assert_eq!(again.assert_success(200)["order"]["status"], "shipped");
    assert_eq!(app.promised("order.shipped").await.len(), 1);
    packer
        .patch(&path, &json!({ "status": "processing" }))
        .await
        .assert_error(400, "VALIDATION_ERROR");
    let delivered = packer
        .patch(&format!("{path}/status"), &json!({ "status": "delivered" }))
        .await;
    assert_eq!(
        delivered.assert_success(200)["order"]["status"],
        "delivered"
    );
    assert_eq!(app.promised("order.delivered").await.len(), 1);
    let cancel = json!({ "status": "cancelled" });
    let reply = packer.patch(&path, &cancel).await;
    reply.assert_error(403, "AUTHORIZATION_ERROR");
    let reply = app.staff("admin").patch(&path, &cancel).await;
    reply.assert_error(409, "INVALID_STATE");
    let audit = app.rows("SELECT action FROM orders.audit_events").await;
    assert!(audit.iter().all(|row| row["action"] == "order.changed"));
    assert_eq!(audit.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_may_give_up_an_unpaid_order() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let (ada, admin) = (app.customer(), app.staff("admin"));
    let order = ada.buy(lace, 1).await;
    let path = format!("/admin/orders/{}/status", id_of(&order));
    let body = json!({ "status": "cancelled", "reason": "Fraud" });
    admin.patch(&path, &body).await.assert_success(200);
    let seen = ada.see(&order).await;
    assert_eq!(seen["history"][1]["actor"], "admin");
    assert_eq!(app.promised("order.cancelled").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_version_changes_nothing() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let (ada, packer) = (app.customer(), app.staff("fulfilment"));
    let order = ada.buy(lace, 1).await;
    pay(&app, &order).await;
    let path = format!("/admin/orders/{}", id_of(&order));
    let body = json!({ "status": "shipped", "version": order["version"] });
    packer
        .patch(&path, &body)
        .await
        .assert_error(409, "VERSION_CONFLICT");
    let version = ada.see(&order).await["version"].clone();
    let body = json!({ "notes": "Fragile", "version": version });
    let noted = packer.patch(&path, &body).await.assert_success(200)["order"].clone();
    assert_eq!(noted["staffNotes"], "Fragile");
    assert!(ada.see(&order).await.get("staffNotes").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn duties_are_separated() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let path = format!("/admin/orders/{}", id_of(&order));
    for (role, may_read, may_send) in [
        ("customer", false, false),
        ("merchant", true, false),
        ("finance", true, false),
        ("fulfilment", true, true),
        ("admin", true, true),
    ] {
        let person = app.staff(role);
        let read = person.get(&path).await.status;
        let list = person.get("/admin/orders").await.status;
        let sent = person.patch(&path, &json!({ "notes": "x" })).await.status;
        assert_eq!(
            (read, list),
            if may_read { (200, 200) } else { (403, 403) },
            "{role}"
        );
        assert_eq!(sent, if may_send { 200 } else { 403 }, "{role}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_finds_orders() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let (ada, eve, admin) = (app.customer(), app.customer(), app.staff("admin"));
    let first = ada.buy(lace, 1).await;
    let second = eve.buy(lace, 1).await;
    pay(&app, &second).await;
    let find = async |query: &str| {
        let reply = admin.get(&format!("/admin/orders?{query}")).await;
        let data = reply.assert_success(200);
        let ids = data["orders"]
            .as_array()
            .unwrap()
            .iter()
            .map(|order| order["id"].clone());
        ids.collect::<Vec<_>>()
    };
    let (one, two) = (first["id"].clone(), second["id"].clone());
    assert_eq!(find("").await, [two.clone(), one.clone()]);
    assert_eq!(find("status=processing").await, std::slice::from_ref(&two));
    assert_eq!(
        find(&format!("search={}", email_of(ada.id))).await,
        std::slice::from_ref(&one)
    );
    assert_eq!(
        find(&format!("search={}", eve.id)).await,
        std::slice::from_ref(&two)
    );
    let number = second["orderNumber"].as_str().unwrap().to_lowercase();
    assert_eq!(
        find(&format!("search={number}")).await,
        std::slice::from_ref(&two)
    );
    assert_eq!(
        find("search=nothing").await,
        Vec::<serde_json::Value>::new()
    );
    use common::Clock as _;
    let today = app
        .world
        .clock
        .now()
        .with_timezone(&chrono_tz::Africa::Lagos)
        .date_naive();
    let tomorrow = today + TimeDelta::days(1);
    assert_eq!(find(&format!("from={today}&to={today}")).await.len(), 2);
    assert_eq!(find(&format!("from={tomorrow}")).await.len(), 0);
    admin
        .get("/admin/orders?from=soon")
        .await
        .assert_error(400, "VALIDATION_ERROR");
    admin
        .get("/admin/orders?page=0")
        .await
        .assert_error(400, "VALIDATION_ERROR");
}
