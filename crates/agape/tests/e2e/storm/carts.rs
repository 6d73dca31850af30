//! I27: Redis may forget everything, and dies, and nobody's cart is another than before.

use std::time::{Duration, Instant};

use common::ids;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use tokio::time::sleep;

use crate::shop::client;
use crate::system::System;

/// For so long a cart may not be shown.
const PATIENCE: Duration = Duration::from_secs(30);

/// Carts of people who do nothing else.
pub struct Carts {
    client: Client,
    url: String,
    filled: Vec<(String, Value)>,
}

impl Carts {
    /// Has each of them put something in, and remembers what they see then.
    pub async fn fill(system: &System, tokens: &[String], items: &[Value]) -> Self {
        let mut carts = Self {
            client: client(),
            url: system.url("gateway", "/api/v1/cart"),
            filled: Vec::new(),
        };
        for (token, item) in tokens.iter().zip(items.iter().cycle()) {
            let request = carts.client.post(format!("{}/items", carts.url)).json(item);
            let request = request.header("Idempotency-Key", ids::new_id().to_string());
            let answer = request.bearer_auth(token).send().await.unwrap();
            assert!(answer.status().is_success(), "{:?}", answer.text().await);
            let cart = carts.see(token).await;
            assert_eq!(cart["itemCount"], 1, "{cart}");
            carts.filled.push((token.clone(), cart));
        }
        carts
    }

    /// Asserts that everybody sees what they saw then.
    pub async fn assert_unchanged(&self) {
        for (token, before) in &self.filled {
            assert_eq!(&self.see(token).await, before, "a cart has changed");
        }
        eprintln!("{} carts are as they were", self.filled.len());
    }

    async fn see(&self, token: &str) -> Value {
        let begun = Instant::now();
        loop {
            if let Some(cart) = shown(self.client.get(&self.url).bearer_auth(token)).await {
                return cart;
            }
            assert!(begun.elapsed() < PATIENCE, "a cart is not shown");
            sleep(Duration::from_millis(200)).await;
        }
    }
}

/// How many there are to buy changes with what others buy, and is no part of a cart.
async fn shown(request: RequestBuilder) -> Option<Value> {
    let answer: Value = request.send().await.ok()?.json().await.ok()?;
    let mut cart = answer.pointer("/data/cart")?.clone();
    for item in cart["items"].as_array_mut()? {
        item.as_object_mut()?.remove("available");
    }
    Some(cart)
}
