//! People who buy, and do not give up when something fails: they ask again under the same key.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::ids;
use hex::encode;
use prove::invariants::ClientOp;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::{Client, RequestBuilder};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::shop::client;
use crate::system::System;

/// Before anything goes wrong, people buy within so long.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long people ask again until they give up.
#[derive(Debug, Clone, Copy)]
pub enum Patience {
    /// Every other one asks for longer than a key stays with a process that died.
    Mixed,
    /// Nobody does.
    Short,
}

impl Patience {
    fn of(self, number: usize) -> Duration {
        let is_endless = matches!(self, Self::Mixed) && number.is_multiple_of(2);
        Duration::from_secs(if is_endless { 75 } else { 8 })
    }
}

/// An attempt to buy.
pub struct Attempt {
    /// Everything the shop answered to the order.
    pub answers: Vec<ClientOp>,
    /// Whether the vendor has the money.
    pub is_paid: bool,
}

/// The provider's names for what was paid.
#[derive(Debug, Clone, Default)]
pub struct Paid(Arc<Mutex<Vec<String>>>);

impl Paid {
    /// One of them, not to be picked again.
    pub fn pick(&self, dice: &mut Xoshiro256PlusPlus) -> Option<String> {
        let mut all = self.0.lock().unwrap();
        let count = all.len();
        (count > 0).then(|| all.swap_remove(dice.random_range(0..count)))
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn add(&self, reference: &str) {
        self.0.lock().unwrap().push(reference.to_owned());
    }
}

/// Everybody.
pub struct Shoppers {
    stop: Arc<AtomicBool>,
    paid: Paid,
    all: Vec<JoinHandle<Vec<Attempt>>>,
}

struct Shopper {
    client: Client,
    api: String,
    sandbox: String,
    tokens: Vec<String>,
    items: Vec<Value>,
    dice: Xoshiro256PlusPlus,
    patience: Duration,
    paid: Paid,
    stop: Arc<AtomicBool>,
    ops: Arc<AtomicI64>,
}

impl Shoppers {
    /// Lets so many begin, who have these tokens, buy these items and pay at the vendor that is at `vendor`.
    pub fn start(
        system: &System,
        vendor: &str,
        (tokens, items): (&[String], &[Value]),
        count: usize,
        (seed, patience): (u64, Patience),
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let ops = Arc::new(AtomicI64::new(0));
        let paid = Paid::default();
        assert!(tokens.len() >= count, "{} tokens", tokens.len());
        let all = (0..count).zip(seed..).map(|(number, seed)| {
            let shopper = Shopper {
                client: client(),
                api: system.url("gateway", "/api/v1"),
                sandbox: format!("{vendor}/_sandbox/paystack"),
                tokens: tokens.iter().skip(number).step_by(count).cloned().collect(),
                items: items.to_vec(),
                dice: Xoshiro256PlusPlus::seed_from_u64(seed),
                patience: patience.of(number),
                paid: paid.clone(),
                stop: Arc::clone(&stop),
                ops: Arc::clone(&ops),
            };
            tokio::spawn(shopper.go_shopping())
        });
        Self {
            all: all.collect(),
            paid,
            stop,
        }
    }

    /// Waits until so much was paid.
    pub async fn are_at_it(&self, count: usize) {
        let begun = Instant::now();
        while self.paid.count() < count {
            assert!(begun.elapsed() < PATIENCE, "nobody buys");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// What was paid so far, and later.
    pub fn paid(&self) -> Paid {
        self.paid.clone()
    }

    /// Lets everybody finish what they began; answers what they did.
    pub async fn stop(self) -> Vec<Attempt> {
        self.stop.store(true, Ordering::Relaxed);
        let mut attempts = Vec::new();
        for one in self.all {
            attempts.extend(one.await.unwrap());
        }
        attempts
    }

    /// Has everybody leave at once, whatever they are at.
    pub fn leave(self) {
        for one in &self.all {
            one.abort();
        }
    }
}

/// Of everybody who can buy.
pub fn tokens(system: &System) -> Vec<String> {
    let mut tokens = Vec::new();
    find_tokens(&system.json("bench/tokens.json"), &mut tokens);
    tokens
}

fn find_tokens(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with("eyJ") => found.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|one| find_tokens(one, found)),
        Value::Object(all) => all.values().for_each(|one| find_tokens(one, found)),
        _ => {}
    }
}

/// One of each of the first products.
pub async fn items(system: &System) -> Vec<Value> {
    let url = system.url("gateway", "/api/v1/products?limit=20");
    let answer = client().get(url).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let products = answer["data"]["products"].as_array().unwrap().iter();
    let item = |product: &Value| json!({ "productId": product["id"], "variantId": product["variants"][0]["id"], "quantity": 1 });
    products.map(item).collect()
}

impl Shopper {
    async fn go_shopping(mut self) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        while !self.stop.load(Ordering::Relaxed) {
            attempts.push(self.buy().await);
        }
        attempts
    }

    async fn buy(&mut self) -> Attempt {
        let token = self.pick_token();
        let item = self.dice.random_range(0..self.items.len());
        let mut body = json!({ "items": [self.items[item]], "shippingAddress": {
            "fullName": "Ada Obi", "phone": "+2348012345678", "addressLine1": "12 Allen Avenue",
            "city": "Ikeja", "state": "Lagos", "country": "NG",
        } });
        if self.dice.random_range(0..10) == 0 {
            // Somebody who believes in a coupon that there is not, and is refused.
            body["couponCode"] = json!("NOTHING-LIKE-IT");
        }
        let key = ids::new_id().to_string();
        let mut answers = Vec::new();
        let ordered = self
            .insist(&token, "/orders", &key, &body, Some(&mut answers))
            .await;
        let order = ordered.and_then(|answer| answer.pointer("/data/order/id").cloned());
        let is_paid = match order {
            Some(order) => self.pay(&token, &order).await,
            None => false,
        };
        Attempt { answers, is_paid }
    }

    /// Pays what was ordered, most of the time; or cancels it, or forgets about it.
    async fn pay(&mut self, token: &str, order: &Value) -> bool {
        let mood = self.dice.random_range(0..8);
        if mood == 0 {
            return false;
        }
        let key = ids::new_id().to_string();
        let body = json!({ "orderId": order });
        let begun = self
            .insist(token, "/payments/initialize", &key, &body, None)
            .await;
        let reference = begun.and_then(|answer| answer.pointer("/data/reference").cloned());
        let Some(reference) = reference.as_ref().and_then(Value::as_str) else {
            return false;
        };
        if mood == 1 {
            // Whoever is faster.
            let path = format!("/orders/{}/cancel", order.as_str().unwrap());
            let nothing = json!({});
            let (_, is_paid) = tokio::join!(
                self.insist(token, &path, &key, &nothing, None),
                self.complete(reference, "success")
            );
            return is_paid;
        }
        if mood == 2 {
            self.complete(reference, "failed").await;
        }
        let is_paid = self.complete(reference, "success").await;
        if is_paid {
            self.paid.add(reference);
        }
        is_paid
    }

    async fn complete(&self, reference: &str, outcome: &str) -> bool {
        let url = format!("{}/{reference}/complete", self.sandbox);
        let body = json!({ "channel": "card", "outcome": outcome });
        let answer = self.client.post(url).json(&body).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Asks until there is an answer that says something; notes every one of them.
    async fn insist(
        &self,
        token: &str,
        path: &str,
        key: &str,
        body: &Value,
        mut notes: Option<&mut Vec<ClientOp>>,
    ) -> Option<Value> {
        let begun = Instant::now();
        while begun.elapsed() < self.patience {
            let request = self.client.post(format!("{}{path}", self.api));
            let request = request
                .bearer_auth(token)
                .header("Idempotency-Key", key)
                .json(body);
            let (status, bytes) = ask(request).await;
            let answer: Option<Value> = serde_json::from_slice(&bytes).ok();
            if let Some(notes) = notes.as_deref_mut() {
                notes.push(self.note(key, status, answer.as_ref(), &bytes));
            }
            let is_busy = |answer: &Value| answer["code"] == "IDEMPOTENCY_IN_PROGRESS";
            match status {
                Some(200..300) => return answer,
                Some(409) if answer.as_ref().is_some_and(is_busy) => {}
                Some(400..500) => return None,
                _ => {}
            }
            sleep(Duration::from_millis(100)).await;
        }
        None
    }

    fn note(
        &self,
        key: &str,
        status: Option<u16>,
        answer: Option<&Value>,
        bytes: &[u8],
    ) -> ClientOp {
        let order = answer.and_then(|answer| answer.pointer("/data/order/id"));
        ClientOp {
            op_id: self.ops.fetch_add(1, Ordering::Relaxed) + 1,
            idem_key: key.to_owned(),
            http_status: status,
            order_id: order.and_then(Value::as_str).map(str::to_owned),
            body_sha256: status.map(|_| encode(digest(&SHA256, bytes))),
        }
    }

    fn pick_token(&mut self) -> String {
        let index = self.dice.random_range(0..self.tokens.len());
        self.tokens[index].clone()
    }
}

async fn ask(request: RequestBuilder) -> (Option<u16>, Vec<u8>) {
    let Ok(answer) = request.timeout(Duration::from_secs(10)).send().await else {
        return (None, Vec::new());
    };
    let status = answer.status().as_u16();
    match answer.bytes().await {
        Ok(bytes) => (Some(status), bytes.to_vec()),
        Err(_) => (None, Vec::new()),
    }
}
