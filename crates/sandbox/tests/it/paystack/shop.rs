//! A merchant with an account at a sandbox of its own.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use sandbox::paystack::SecretKey;
use serde_json::{Value, json};

use crate::app::{Answer, TestSandbox};
use crate::receiver::{Received, Receiver};

/// The key of all tests.
pub const KEY: &str = "sk_test_agape_0123456789abcdef";

/// A merchant, and the sandbox that it has an account at.
pub struct Shop {
    pub sandbox: TestSandbox,
}

impl Shop {
    /// A shop that is told nothing.
    pub fn open() -> Self {
        Self::open_with(&[])
    }

    /// A shop whose refunds take their time, so that a test sees each of their states.
    pub fn open_with_slow_refunds() -> Self {
        Self::open_with(&[("SANDBOX__PAYSTACK__REFUND_STEP_MS", "700")])
    }

    pub fn open_with(extra: &[(&str, &str)]) -> Self {
        let mut all = vec![("SANDBOX__PAYSTACK__SECRET_KEY", KEY)];
        all.extend(extra);
        Self {
            sandbox: TestSandbox::start_with(&all),
        }
    }

    /// A shop that is told everything, and again after 10 ms at first and 200 ms later.
    pub fn told(receiver: &Receiver) -> Self {
        Self::open_with(&[
            ("SANDBOX__PAYSTACK__WEBHOOK_URL", &receiver.url()),
            ("SANDBOX__PAYSTACK__WEBHOOK_SPEEDUP", "18000"),
            // Far enough apart to come in order on a busy machine.
            ("SANDBOX__PAYSTACK__REFUND_STEP_MS", "150"),
        ])
    }

    /// A request with the key.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = self.sandbox.url(&format!("/paystack{path}"));
        self.sandbox.client.request(method, url).bearer_auth(KEY)
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::PUT, path).json(body)).await
    }

    /// Asks the control to do something.
    pub async fn ask(&self, path: &str, body: &Value) -> Answer {
        let url = self.sandbox.url(&format!("/_sandbox/paystack/{path}"));
        Answer::of(self.sandbox.client.post(url).json(body)).await
    }

    /// Has the control change something.
    pub async fn move_on(&self, path: &str, body: &Value) -> Answer {
        let url = self.sandbox.url(&format!("/_sandbox/paystack/{path}"));
        Answer::of(self.sandbox.client.put(url).json(body)).await
    }

    /// Initializes a transaction of 10,000 kobo, which must work, and returns the answer's data.
    pub async fn initialize(&self, reference: &str) -> Value {
        self.initialize_with(&json!({"reference": reference})).await
    }

    pub async fn initialize_with(&self, change: &Value) -> Value {
        let answer = self.post("/transaction/initialize", &order(change)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["data"].clone()
    }

    /// Initializes a transaction and lets a customer pay it by card; returns it, verified.
    pub async fn paid(&self, reference: &str) -> Value {
        self.paid_with(&json!({"reference": reference}), &json!({}))
            .await
    }

    pub async fn paid_with(&self, order: &Value, completion: &Value) -> Value {
        let data = self.initialize_with(order).await;
        let reference = data["reference"].as_str().unwrap();
        let answer = self.ask(&format!("{reference}/complete"), completion).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.verify(reference).await
    }

    /// A transaction, which must be known.
    pub async fn verify(&self, reference: &str) -> Value {
        let answer = self.get(&format!("/transaction/verify/{reference}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["data"].clone()
    }

    /// Asks for a refund, which must be queued, and returns it.
    pub async fn refund(&self, body: &Value) -> Value {
        let answer = self.post("/refund", body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["data"].clone()
    }

    /// Waits until a refund stands so, and returns it.
    pub async fn refund_becomes(&self, id: &Value, status: &str) -> Value {
        let path = format!("/refund/{id}");
        let mut last = Value::Null;
        for _ in 0..500 {
            last = self.get(&path).await.body["data"].clone();
            if last["status"] == status {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{path} is {}, not {status}", last["status"]);
    }

    /// What the control knows of a transaction.
    pub async fn whole(&self, reference: &str) -> Value {
        self.sandbox
            .control(&format!("/_sandbox/paystack/{reference}"))
            .await
    }

    /// Waits until the webhooks about a transaction were tried so often together, and returns them.
    pub async fn tried(&self, reference: &str, count: usize) -> Vec<Value> {
        for _ in 0..500 {
            let whole = self.whole(reference).await;
            let webhooks = whole["webhooks"].as_array().unwrap().clone();
            let attempts = webhooks
                .iter()
                .map(|one| one["attempts"].as_array().unwrap().len());
            if attempts.sum::<usize>() >= count {
                return webhooks;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the webhooks about {reference} were not tried {count} times");
    }

    pub async fn facts(&self, kind: &str) -> Vec<Value> {
        self.sandbox.facts_of("paystack", kind).await
    }

    pub async fn break_it(&self, faults: &Value) {
        self.sandbox.break_it(&json!({"paystack": faults})).await;
    }

    pub async fn mend_it(&self) {
        self.sandbox.break_it(&json!({})).await;
    }
}

/// An order of 10,000 kobo, changed so.
pub fn order(change: &Value) -> Value {
    let mut order = json!({"email": "ada@example.com", "amount": 10_000, "currency": "NGN"});
    for (name, value) in change.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}

/// Asserts an error of the vendor's full shape.
#[track_caller]
pub fn refused(answer: &Answer, status: u16, message: &str, code: (&str, &str)) {
    let body = &answer.body;
    assert_eq!(answer.status, status, "{body}");
    assert_eq!(body["status"], false, "{body}");
    assert_eq!(body["message"], message, "{body}");
    assert_eq!(
        (body["type"].as_str(), body["code"].as_str()),
        (Some(code.0), Some(code.1))
    );
    assert!(body["meta"]["nextStep"].is_string(), "{body}");
}

/// Whether a webhook is signed with the key of all tests.
pub fn is_genuine(received: &Received) -> bool {
    let key = SecretKey::parse(KEY).unwrap();
    received.signature == key.sign(&received.body)
}

/// The events that came, in order.
pub fn events(received: &[Received]) -> Vec<String> {
    let of = |one: &Received| one.json()["event"].as_str().unwrap().to_owned();
    received.iter().map(of).collect()
}

/// The texts of a field in a list.
pub fn texts<'a>(rows: &'a Value, name: &str) -> Vec<&'a str> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row[name].as_str().unwrap()).collect()
}
