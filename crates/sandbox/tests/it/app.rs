//! A sandbox of one's own for a test.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use common::settings::Reader;
use reqwest::{Method, RequestBuilder};
use sandbox::config::Settings;
use sandbox::server::startup::Application;
use serde_json::{Value, json};
use test_support::FakeClock;
use test_support::http::{RawResponse, send_raw};
use tokio_util::sync::CancellationToken;

/// A running sandbox and a client that knows its manners.
pub struct TestSandbox {
    pub address: SocketAddr,
    pub client: reqwest::Client,
    /// Stands still, so that the rate limit's window never ends by itself.
    pub clock: FakeClock,
    shutdown: CancellationToken,
}

impl TestSandbox {
    /// A sandbox with a generous rate limit that sends no webhooks.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    pub fn start_with(extra: &[(&str, &str)]) -> Self {
        common::crypto::install_providers();
        let mut variables = vec![
            ("SANDBOX__PORT", "0"),
            ("SANDBOX__OPS_PORT", "0"),
            ("SANDBOX__RESEND__RATE_LIMIT", "1000000"),
            ("SANDBOX__RESEND__DELIVERY_MS", "30"),
            ("SANDBOX__PAYSTACK__REFUND_STEP_MS", "30"),
            ("SANDBOX__PAYSTACK__WEBHOOK_URL", "off"),
        ];
        variables.retain(|(name, _)| !extra.iter().any(|(other, _)| other == name));
        variables.extend(extra);
        let settings = Settings::read(Reader::from_pairs("sandbox", variables)).unwrap();
        let clock = FakeClock::at_real_time();
        let shutdown = CancellationToken::new();
        let (told, address) = std::sync::mpsc::channel();
        let (its_clock, its_shutdown) = (Arc::new(clock.clone()), shutdown.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let application = Application::build(settings, its_clock, its_shutdown).unwrap();
                told.send(application.addresses().unwrap().0).unwrap();
                application.run_until_stopped().await.unwrap();
            });
        });
        Self {
            address: address.recv().unwrap(),
            client: common::client::http_client().unwrap(),
            clock,
            shutdown,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request to the vendor, with a name and a key.
    pub fn vendor(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, self.url(path))
            .header("user-agent", "tests")
            .header("authorization", "Bearer re_test")
    }

    pub fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.vendor(Method::POST, path).json(body)
    }

    /// `POST /emails`.
    pub fn send(&self, body: &Value) -> RequestBuilder {
        self.post("/resend/emails", body)
    }

    /// `POST /emails` under a key.
    pub fn send_keyed(&self, key: &str, body: &Value) -> RequestBuilder {
        self.send(body).header("idempotency-key", key)
    }

    /// Sends a mail that must be accepted, and returns its id.
    pub async fn accepted(&self, body: &Value) -> String {
        let answer = Answer::of(self.send(body)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    /// Asks the control.
    pub async fn control(&self, path: &str) -> Value {
        let answer = self.client.get(self.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    /// Replaces the faults.
    pub async fn break_it(&self, faults: &Value) {
        let request = self.client.put(self.url("/_sandbox/faults")).json(faults);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }

    /// The journal's facts of one kind about mail.
    pub async fn facts(&self, kind: &str) -> Vec<Value> {
        self.facts_of("resend", kind).await
    }

    /// A vendor's facts of one kind.
    pub async fn facts_of(&self, vendor: &str, kind: &str) -> Vec<Value> {
        let path = format!("/_sandbox/journal?vendor={vendor}");
        let journal = self.control(&path).await;
        let mut facts = journal.as_array().unwrap().clone();
        facts.retain(|fact| fact["kind"] == kind);
        facts
    }

    /// Waits until the journal has so many facts of one kind.
    pub async fn wait_for(&self, kind: &str, count: usize) -> Vec<Value> {
        for _ in 0..500 {
            let facts = self.facts(kind).await;
            if facts.len() >= count {
                return facts;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{count} facts of kind {kind} were not written");
    }

    /// Waits until this is the last that happened to a mail.
    pub async fn becomes(&self, id: &str, event: &str) {
        let mut last = Value::Null;
        for _ in 0..500 {
            let mails = self.control("/_sandbox/mail").await;
            let mail = mails
                .as_array()
                .unwrap()
                .iter()
                .find(|mail| mail["id"] == id);
            last = mail.unwrap()["lastEvent"].clone();
            if last == event {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it is {last}, not {event}");
    }

    /// Sends `POST /emails` as bytes and reads what comes back.
    pub async fn raw(&self, head: &str, body: &Value) -> RawResponse {
        let body = body.to_string();
        let request = format!(
            "POST /resend/emails HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{head}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        send_raw(self.address, request.as_bytes()).await
    }
}

impl Drop for TestSandbox {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// An answer of the vendor, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    pub async fn of(request: RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.json().await.unwrap();
        Self {
            status,
            headers,
            body,
        }
    }

    /// Asserts an error of the vendor's shape, and returns its message.
    #[track_caller]
    pub fn refused(&self, status: u16, name: &str) -> &str {
        let found = (self.status, self.body["name"].as_str());
        assert_eq!(found, (status, Some(name)), "{}", self.body);
        assert_eq!(self.body["statusCode"], status, "{}", self.body);
        assert_eq!(self.body.as_object().unwrap().len(), 3, "{}", self.body);
        self.body["message"].as_str().unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// A good mail to this address.
pub fn mail_to(address: &str) -> Value {
    json!({
        "from": "Shop <shop@example.com>", "to": address,
        "subject": "Hello", "html": "<p>Hello</p>", "text": "Hello",
    })
}
