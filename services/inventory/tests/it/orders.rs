//! What the orders service asks of it.

use std::time::Duration;

use common::Clock as _;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::{self, Ask as _, Reply};
use uuid::Uuid;

use crate::app::TestApp;

impl TestApp {
    /// Dated by the machine's clock, which the service's own must not fall behind in a long test.
    fn token_of_orders(&self) -> String {
        self.world.clock.set(common::clock::SystemClock.now());
        service::service_token("orders", "inventory")
    }

    /// A request of the orders service.
    pub async fn internal(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let request = self.request(method, &format!("/internal/{path}"));
        let request = request.bearer_auth(self.token_of_orders());
        match body {
            Some(body) => request.json(body).reply().await,
            None => request.reply().await,
        }
    }

    /// Wants `lines` held for an order of somebody, for 15 minutes.
    pub async fn reserve(&self, order: Uuid, user: Uuid, lines: &[(Uuid, i64)]) -> Reply {
        self.reserve_for(order, user, lines, 900).await
    }

    pub async fn reserve_for(
        &self,
        order: Uuid,
        user: Uuid,
        lines: &[(Uuid, i64)],
        ttl: i64,
    ) -> Reply {
        let body = wanted(order, user, lines, ttl);
        self.internal(Method::POST, "reservations", Some(&body))
            .await
    }

    /// `commit`, `release` or `extend`.
    pub async fn command(&self, order: Uuid, command: &str) -> Reply {
        self.internal(
            Method::POST,
            &format!("reservations/{order}/{command}"),
            None,
        )
        .await
    }

    pub async fn reservation(&self, order: Uuid) -> Value {
        let reply = self
            .internal(Method::GET, &format!("reservations/{order}"), None)
            .await;
        reply.assert_success(200)["reservation"].clone()
    }

    /// Lets an order's time be over, by the database's clock.
    pub async fn let_pass(&self, order: Uuid) {
        self.execute(&format!(
            "UPDATE inventory.reservations SET expires_at = now() - interval '1 second',
             held_at = held_at - interval '1 hour' WHERE order_id = '{order}'"
        ))
        .await;
    }

    /// Waits until a reservation has this state.
    pub async fn until_state(&self, order: Uuid, state: &str) {
        for _ in 0..800 {
            if self.reservation(order).await["state"] == state {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("it did not happen: {}", self.reservation(order).await);
    }

    /// Wants something held, of a service that may die meanwhile; none if there was no answer.
    pub async fn try_reserve(&self, order: Uuid, user: Uuid, lines: &[(Uuid, i64)]) -> Option<u16> {
        let request = self.request(Method::POST, "/internal/reservations");
        let request = request.bearer_auth(self.token_of_orders());
        let response = request
            .json(&wanted(order, user, lines, 900))
            .send()
            .await
            .ok()?;
        Some(response.status().as_u16())
    }

    /// A command to a service that may die meanwhile: the status, and the outcome if there is one.
    pub async fn try_command(&self, order: Uuid, command: &str) -> Option<(u16, String)> {
        let request = self.request(
            Method::POST,
            &format!("/internal/reservations/{order}/{command}"),
        );
        let request = request.bearer_auth(self.token_of_orders());
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let body: Value = response.json().await.ok()?;
        let outcome = body.pointer("/data/outcome").and_then(Value::as_str);
        Some((status, outcome.unwrap_or_default().to_owned()))
    }

    /// Waits until no order holds anything.
    pub async fn until_nothing_is_held(&self) {
        let sql = "SELECT count(*) AS held FROM inventory.reservations WHERE state = 'active'";
        for _ in 0..800 {
            if self.rows(sql).await[0]["held"] == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("something is still held");
    }
}

/// The body of a request to reserve.
pub fn wanted(order: Uuid, user: Uuid, lines: &[(Uuid, i64)], ttl: i64) -> Value {
    let lines: Vec<Value> = lines
        .iter()
        .map(|(variant, quantity)| json!({ "variantId": variant, "quantity": quantity }))
        .collect();
    json!({ "orderId": order, "buyer": { "userId": user }, "lines": lines, "ttlSeconds": ttl })
}
