//! Whole purchases: through the gateway, paid on the vendor's page, told by its webhooks.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::mail::mail;
use crate::shop::{client, post};
use crate::system::{System, shared, wait_for};

/// Events go through the broker, which may still be starting.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody who buys.
pub struct Shopper<'a> {
    system: &'a System,
    email: String,
    token: String,
}

impl<'a> Shopper<'a> {
    pub async fn new(system: &'a System) -> Self {
        let email = format!("{}@example.com", common::ids::new_id().simple());
        let body = json!({ "email": email, "password": "Correct-horse-7", "name": "Ada" });
        let (status, body) = post(system, "/api/v1/auth/register", &body).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        let token = body["data"]["accessToken"].as_str().unwrap().to_owned();
        Self {
            system,
            email,
            token,
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let url = self.system.url("gateway", &format!("/api/v1{path}"));
        let mut request = client()
            .request(method, url)
            .bearer_auth(&self.token)
            .header("Idempotency-Key", common::ids::new_id().to_string());
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// Orders one of something; answers the order.
    pub async fn order(&self, slug: &str) -> Value {
        let (_, body) = self
            .ask(Method::GET, &format!("/products/{slug}"), None)
            .await;
        let product = &body["data"]["product"];
        let item = json!({
            "productId": product["id"], "variantId": product["variants"][0]["id"], "quantity": 1,
        });
        let body = json!({ "items": [item], "shippingAddress": {
            "fullName": "Ada Obi", "phone": "+2348012345678", "addressLine1": "12 Allen Avenue",
            "city": "Ikeja", "state": "Lagos", "country": "NG",
        } });
        let (status, body) = self.ask(Method::POST, "/orders", Some(&body)).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        body["data"]["order"].clone()
    }

    /// Begins to pay; answers the reference.
    pub async fn initialize(&self, order: &Value) -> String {
        let body = json!({ "orderId": order["id"] });
        let (status, body) = self
            .ask(Method::POST, "/payments/initialize", Some(&body))
            .await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["data"]["reference"].as_str().unwrap().to_owned()
    }

    async fn see(&self, order: &Value) -> Value {
        let path = format!("/orders/{}", order["id"].as_str().unwrap());
        let (status, body) = self.ask(Method::GET, &path, None).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["data"]["order"].clone()
    }

    pub async fn until(&self, order: &Value, field: &str, value: &str) -> Value {
        let begun = Instant::now();
        loop {
            let now = self.see(order).await;
            if now[field] == value {
                return now;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{field} does not become {value}: {now}"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Has the vendor end a payment.
pub async fn complete(system: &System, reference: &str, channel: &str, outcome: &str) {
    let url = system.url(
        "sandbox",
        &format!("/_sandbox/paystack/{reference}/complete"),
    );
    let body = json!({ "channel": channel, "outcome": outcome });
    let response = client().post(url).json(&body).send().await.unwrap();
    assert_eq!(
        response.status(),
        StatusCode::OK,
        "{:?}",
        response.text().await
    );
}

#[test]
fn the_demo_buys_something() {
    let system = shared();
    wait_for("the demo to go through", 2 * PATIENCE, || {
        let output = system.run(&["demo"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let is_done = output.status.success();
        if is_done {
            for part in ["is processing", "Invoice ", "Mail ", "Trace "] {
                assert!(text.contains(part), "{part}: {text}");
            }
            assert!(text.contains("gateway"), "{text}");
        } else {
            eprintln!("{text}{}", String::from_utf8_lossy(&output.stderr));
        }
        is_done
    });
}

#[tokio::test]
async fn a_declined_card_leaves_the_order_open_for_another_try() {
    let system = shared();
    let ada = Shopper::new(system).await;
    let order = ada.order("raw-shea-butter").await;
    let reference = ada.initialize(&order).await;
    complete(system, &reference, "card", "failed").await;
    let (status, body) = ada
        .ask(Method::GET, &format!("/payments/verify/{reference}"), None)
        .await;
    assert_eq!(status, StatusCode::OK, "{body}");
    ada.until(&order, "paymentStatus", "failed").await;
    let second = ada.initialize(&order).await;
    assert_ne!(second, reference);
    complete(system, &second, "card", "success").await;
    let paid = ada.until(&order, "status", "processing").await;
    assert_eq!(paid["paymentStatus"], "paid");
    let number = paid["orderNumber"].as_str().unwrap();
    let notice = mail(system, "merchant@agape.example", "merchant_order_paid").await;
    assert!(
        notice["subject"]
            .as_str()
            .is_some_and(|subject| !subject.is_empty())
    );
    let confirmed = mail(system, &ada.email, "order_confirmation").await;
    assert!(confirmed["subject"].as_str().unwrap().contains(number));
}

#[tokio::test]
async fn a_bank_transfer_may_take_its_time() {
    let system = shared();
    let ada = Shopper::new(system).await;
    let order = ada.order("raw-shea-butter").await;
    let reference = ada.initialize(&order).await;
    complete(system, &reference, "bank_transfer", "pending").await;
    let path = format!("/payments/verify/{reference}");
    let (status, body) = ada.ask(Method::GET, &path, None).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(body["data"]["payment"]["status"], "pending");
    let pending = ada.until(&order, "paymentStatus", "pending").await;
    assert!(pending["expiresAt"].as_str() > order["expiresAt"].as_str());
    complete(system, &reference, "bank_transfer", "success").await;
    ada.until(&order, "status", "processing").await;
}

#[tokio::test]
async fn an_order_that_is_given_up_is_paid_back() {
    let system = shared();
    let ada = Shopper::new(system).await;
    let order = ada.order("raw-shea-butter").await;
    let reference = ada.initialize(&order).await;
    let path = format!("/orders/{}/cancel", order["id"].as_str().unwrap());
    let (status, body) = ada.ask(Method::POST, &path, None).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    complete(system, &reference, "card", "success").await;
    let back = ada.until(&order, "paymentStatus", "refunded").await;
    assert_eq!(back["status"], "cancelled");
}
