//! What buyers, staff, orders and the provider do.

use ::events::orders::{OrderPaid, OrderRefundRequested, OrderUnallocated, UnwantedCapture};
use common::Clock as _;
use common::ids;
use messaging::{ConsumeError, Outcome};
use money::{Amount, Currency};
use payments::consumers::on_order_paid::on_order_paid;
use payments::consumers::on_order_refund_requested::on_order_refund_requested;
use payments::consumers::on_order_unallocated::on_order_unallocated;
use reqwest::Method;
use ring::hmac;
use serde_json::{Value, json};
use test_support::service::{self, Ask as _, Reply, singly};
use uuid::Uuid;

use crate::app::TestApp;
use crate::paystack::KEY;
use crate::world::Order;

/// A payment that was begun.
#[derive(Debug, Clone)]
pub struct Begun {
    pub id: Uuid,
    pub reference: String,
    pub order: Order,
}

/// The signature of a webhook.
pub fn sign(key: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA512, key.as_bytes());
    hex::encode(hmac::sign(&key, body))
}

impl TestApp {
    /// A request of somebody with a role.
    pub fn ask_as(
        &self,
        user: Uuid,
        role: &str,
        method: Method,
        path: &str,
    ) -> reqwest::RequestBuilder {
        let token = service::access_token(user, role, self.world.clock.now());
        self.request(method, &format!("/api/v1{path}"))
            .bearer_auth(token)
    }

    /// Another service asks. Its token is dated by the machine's clock, so the service's own is set to that.
    pub async fn ask_as_service(&self, caller: &str, path: &str) -> Reply {
        self.world.clock.set(common::clock::SystemClock.now());
        let request = self.request(Method::GET, path);
        let request = request.bearer_auth(service::service_token(caller, "payments"));
        request.reply().await
    }

    pub async fn get_as(&self, user: Uuid, role: &str, path: &str) -> Reply {
        self.ask_as(user, role, Method::GET, path).reply().await
    }

    /// Staff asks for something that needs a key.
    pub async fn post_keyed(&self, role: &str, path: &str, key: &str, body: &Value) -> Reply {
        let request = self.ask_as(staff(), role, Method::POST, path);
        request
            .header("idempotency-key", key)
            .json(body)
            .reply()
            .await
    }

    /// The buyer of an order wants to pay it.
    pub async fn initialize(&self, order: Order, key: &str) -> Reply {
        self.initialize_with(order.user, key, &json!({ "orderId": order.id }))
            .await
    }

    pub async fn initialize_with(&self, user: Uuid, key: &str, body: &Value) -> Reply {
        let request = self.ask_as(user, "customer", Method::POST, "/payments/initialize");
        request
            .header("idempotency-key", key)
            .json(body)
            .reply()
            .await
    }

    /// An order that somebody has begun to pay.
    pub async fn begun(&self) -> Begun {
        self.begun_of(self.world.order()).await
    }

    pub async fn begun_of(&self, order: Order) -> Begun {
        let key = ids::new_id().to_string();
        let reply = self.initialize(order, &key).await;
        let data = reply.assert_success(200);
        Begun {
            id: data["paymentId"].as_str().unwrap().parse().unwrap(),
            reference: data["reference"].as_str().unwrap().to_owned(),
            order,
        }
    }

    /// The provider tells something, as it signs it.
    pub async fn webhook(&self, body: &Value) -> Reply {
        let body = body.to_string().into_bytes();
        let signature = sign(KEY, &body);
        self.webhook_signed(body, &signature).await
    }

    pub async fn webhook_signed(&self, body: Vec<u8>, signature: &str) -> Reply {
        let request = self.request(Method::POST, "/api/v1/payments/webhook");
        request
            .header("x-paystack-signature", signature)
            .header("content-type", "application/json")
            .body(body)
            .reply()
            .await
    }

    /// Somebody pays, and the provider tells so.
    pub async fn paid(&self) -> Begun {
        self.paid_of(self.world.order()).await
    }

    pub async fn paid_of(&self, order: Order) -> Begun {
        let begun = self.begun_of(order).await;
        self.world.paystack.pay(&begun.reference);
        let told = self.world.paystack.charge_success(&begun.reference);
        self.webhook(&told).await.assert_success(200);
        self.until_status(begun.id, "paid").await;
        begun
    }

    /// Somebody pays, and the order keeps it.
    pub async fn kept(&self) -> Begun {
        let begun = self.paid().await;
        let heard = self.keep(&begun).await;
        assert_eq!(heard.unwrap(), Outcome::Applied);
        begun
    }

    /// Orders says that it keeps a payment.
    pub async fn keep(&self, begun: &Begun) -> Result<Outcome, ConsumeError> {
        let event = order_paid(begun.order, Some(begun.id));
        self.hear(event, ids::new_id(), singly(on_order_paid)).await
    }

    /// Orders says that the goods were gone.
    pub async fn give_up(&self, begun: &Begun, id: Uuid) -> Result<Outcome, ConsumeError> {
        let event = OrderUnallocated {
            order_id: begun.order.id,
            user_id: begun.order.user,
            order_number: "AGP-1".to_owned(),
            payment_id: begun.id,
            total: Amount::try_from_minor(begun.order.total).unwrap(),
            currency: Currency::Ngn,
        };
        self.hear(event, id, on_order_unallocated).await
    }

    /// Orders has no use for a payment.
    pub async fn refuse(
        &self,
        begun: &Begun,
        why: UnwantedCapture,
    ) -> Result<Outcome, ConsumeError> {
        let event = OrderRefundRequested {
            order_id: begun.order.id,
            payment_id: begun.id,
            reason: why,
        };
        self.hear(event, ids::new_id(), on_order_refund_requested)
            .await
    }

    /// Finance gives money back.
    pub async fn refund(&self, payment: Uuid, key: &str, body: &Value) -> Reply {
        self.post_keyed("finance", &format!("/payments/{payment}/refund"), key, body)
            .await
    }

    pub async fn status_of(&self, payment: Uuid) -> String {
        let sql = format!("SELECT status FROM payments.payments WHERE id = '{payment}'");
        let rows = self.rows(&sql).await;
        rows[0]["status"].as_str().unwrap().to_owned()
    }

    pub async fn until_status(&self, payment: Uuid, status: &str) {
        let sql = format!(
            "SELECT id FROM payments.payments WHERE id = '{payment}' AND status = '{status}'"
        );
        self.until(&format!("payment {payment} {status}"), &sql)
            .await;
    }

    /// Waits until so many refunds of a payment have a status.
    pub async fn until_refunds(&self, payment: Uuid, status: &str, count: usize) {
        let sql = format!(
            "SELECT payment_id FROM payments.refunds WHERE payment_id = '{payment}' AND status = '{status}'
             GROUP BY payment_id HAVING count(*) = {count}"
        );
        self.until(&format!("{count} refunds {status}"), &sql).await;
    }

    /// The same, while minutes go by: after an answer that was lost the provider is given time.
    pub async fn until_refunds_in_minutes(&self, payment: Uuid, status: &str, count: usize) {
        let sql = format!(
            "SELECT 1 AS one FROM payments.refunds WHERE payment_id = '{payment}' AND status = '{status}'
             GROUP BY payment_id HAVING count(*) = {count}"
        );
        for _ in 0..120 {
            if !self.rows(&sql).await.is_empty() {
                return;
            }
            self.world.clock.advance(chrono::TimeDelta::seconds(30));
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        }
        panic!("{count} refunds {status} did not happen");
    }

    /// The kinds of what a person has to look at, in order.
    pub async fn open_attention(&self) -> Vec<String> {
        let sql = "SELECT kind FROM payments.attention_items WHERE closed_at IS NULL ORDER BY kind";
        let rows = self.rows(sql).await;
        let kinds = rows.iter().map(|row| row["kind"].as_str().unwrap());
        kinds.map(str::to_owned).collect()
    }

    /// Waits until a person has to look at something of a kind.
    pub async fn until_attention(&self, kind: &str) {
        let sql = format!(
            "SELECT 1 AS one FROM payments.attention_items WHERE kind = '{kind}' AND closed_at IS NULL"
        );
        self.until(&format!("attention {kind}"), &sql).await;
    }

    /// Waits until no webhook waits any more.
    pub async fn until_worked_off(&self) {
        let sql = "SELECT 1 AS one WHERE NOT EXISTS (SELECT FROM payments.webhook_events WHERE status = 'received')";
        self.until("all webhooks are worked off", sql).await;
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &str) -> i64 {
        let rows = self
            .rows(&format!("SELECT count(*) AS many FROM payments.{table}"))
            .await;
        rows[0]["many"].as_i64().unwrap()
    }
}

/// Somebody who works for the shop.
pub fn staff() -> Uuid {
    Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001)
}

pub fn order_paid(order: Order, payment: Option<Uuid>) -> OrderPaid {
    OrderPaid {
        order_id: order.id,
        user_id: order.user,
        order_number: "AGP-1".to_owned(),
        payment_id: payment,
        lines: Vec::new(),
        total: Amount::try_from_minor(order.total).unwrap(),
        currency: Currency::Ngn,
        paid_at: chrono::DateTime::from_timestamp(1_768_300_260, 0).unwrap(),
    }
}
