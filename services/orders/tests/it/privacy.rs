use common::ids;
use events::auth::EraseRequested;
use messaging::Outcome;
use orders::consumers::on_privacy_erase_requested::on_privacy_erase_requested;
use serde_json::json;

use crate::app::{TestApp, id_of};
use crate::ending;
use crate::invariants;
use crate::settling::pay;

#[tokio::test(flavor = "multi_thread")]
async fn who_is_forgotten_leaves_the_books_as_they_are() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let (ada, eve, admin) = (app.customer(), app.customer(), app.staff("admin"));
    let order = ada.buy(lace, 1).await;
    let unpaid = ada.buy(lace, 1).await;
    let other = eve.buy(lace, 1).await;
    pay(&app, &order).await;
    let event = EraseRequested {
        request_id: ids::new_id(),
        user_id: ada.id,
    };
    let outcome = app.hear(event, on_privacy_erase_requested).await.unwrap();
    assert_eq!(outcome, Outcome::Applied);
    let path = format!("/admin/orders/{}", id_of(&order));
    let see = async |path: &str| admin.get(path).await.assert_success(200)["order"].clone();
    let sold = see(&path).await;
    assert_ne!(sold["userId"], json!(ada.id));
    assert_eq!(sold["total"], order["total"]);
    assert_eq!(
        sold["shippingAddress"]["city"], "Ikeja",
        "it is paid for, and still has to arrive"
    );
    for status in ["shipped", "delivered"] {
        let body = json!({ "status": status });
        admin.patch(&path, &body).await.assert_success(200);
    }
    let unpaid = see(&format!("/admin/orders/{}", id_of(&unpaid))).await;
    assert_eq!(unpaid["status"], "cancelled");
    for seen in [see(&path).await, unpaid] {
        assert_eq!(seen["shippingAddress"], json!(null));
        assert_eq!(seen["email"], json!(null));
    }
    let search = format!("/admin/orders?search={}", crate::world::email_of(ada.id));
    assert_eq!(
        admin.get(&search).await.assert_success(200)["orders"],
        json!([])
    );
    assert_eq!(eve.see(&other).await["shippingAddress"]["city"], "Ikeja");
    let said = app.promised("privacy.erased").await;
    assert_eq!(said[0]["data"]["service"], "orders");
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_says_nothing_of_anybody() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    pay(&app, &order).await;
    let tables = [
        "orders",
        "order_history",
        "outbox",
        "idempotency_keys",
        "documents",
        "order_payments",
    ];
    for table in tables {
        for row in app
            .rows(&format!("SELECT t::text AS text FROM orders.{table} t"))
            .await
        {
            let text = row["text"].as_str().unwrap();
            for secret in ["Allen", "8012345678", "Ada Obi", "@example.com"] {
                // Bytes are shown in hexadecimal.
                let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
                assert!(
                    !text.contains(secret) && !text.contains(&hex),
                    "{table}: {text}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_comes_after_its_buyer_was_forgotten_goes_back() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let event = EraseRequested {
        request_id: ids::new_id(),
        user_id: ada.id,
    };
    ending::expire(&app, &order).await;
    app.hear(event, on_privacy_erase_requested).await.unwrap();
    pay(&app, &order).await;
    let back = app.promised("order.refund_requested").await;
    assert_eq!(back[0]["data"]["reason"], "closed");
    assert!(app.promised("order.paid").await.is_empty());
    invariants::assert_all(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_buyer_wrote_is_forgotten_with_them() {
    let app = TestApp::start().await;
    let lace = app.world.sell("Royal lace", "1000.00");
    let ada = app.customer();
    let order = ada.buy(lace, 1).await;
    let cancel = format!("/orders/{}/cancel", id_of(&order));
    let body = json!({ "reason": "Ada moves to Accra" });
    ada.post(&cancel, &body).await.assert_success(200);
    let event = EraseRequested {
        request_id: ids::new_id(),
        user_id: ada.id,
    };
    app.hear(event, on_privacy_erase_requested).await.unwrap();
    for table in ["orders", "order_history", "coupon_uses", "idempotency_keys"] {
        let sql = format!("SELECT t::text AS text FROM orders.{table} t");
        for row in app.rows(&sql).await {
            let text = row["text"].as_str().unwrap();
            assert!(!text.contains("Accra"), "{table}: {text}");
            assert!(!text.contains(&ada.id.to_string()), "{table}: {text}");
        }
    }
}
