//! The payment provider as the sandbox plays it, on the wire; and a shop whose buyers' banks want money back and that is paid out.

use std::sync::{Arc, mpsc};

use chrono::TimeDelta;
use messaging::Outcome;
use reqwest::Method;
use sandbox::config::Settings;
use sandbox::server::startup::Application;
use serde_json::{Value, json};
use test_support::FakeClock;
use test_support::service::Reply;
use tokio_util::sync::CancellationToken;

use crate::app::TestApp;
use crate::paystack::KEY;
use crate::shop::{Begun, staff};
use crate::world::World;

/// A running sandbox. It sends no webhooks: tests tell what it would, in the order that they are about.
pub struct Vendor {
    origin: String,
    client: reqwest::Client,
    shutdown: CancellationToken,
}

impl Vendor {
    pub fn start(clock: &FakeClock) -> Self {
        common::crypto::install_providers();
        let variables = [
            ("SANDBOX__PORT", "0"),
            ("SANDBOX__OPS_PORT", "0"),
            ("SANDBOX__PAYSTACK__SECRET_KEY", KEY),
            ("SANDBOX__PAYSTACK__REFUND_STEP_MS", "10"),
            ("SANDBOX__PAYSTACK__WEBHOOK_URL", "off"),
        ];
        let settings = Settings::read(common::settings::Reader::from_pairs("sandbox", variables));
        let (settings, shutdown) = (settings.unwrap(), CancellationToken::new());
        let (its_clock, its_shutdown) = (Arc::new(clock.clone()), shutdown.clone());
        let (told, address) = mpsc::channel();
        std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
            runtime.block_on(async {
                let application = Application::build(settings, its_clock, its_shutdown).unwrap();
                told.send(application.addresses().unwrap().0).unwrap();
                application.run_until_stopped().await.unwrap();
            });
        });
        Self {
            origin: format!("http://{}", address.recv().unwrap()),
            client: common::client::http_client().unwrap(),
            shutdown,
        }
    }

    /// What the outside does: the buyer, the buyer's bank, and faults.
    pub async fn control(&self, method: Method, path: &str, body: &Value) -> Value {
        let url = format!("{}/_sandbox{path}", self.origin);
        let request = self.client.request(method, url);
        let answer = request.json(body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap_or(Value::Null)
    }

    /// Where the provider's own API is.
    pub fn base(&self) -> String {
        format!("{}/paystack", self.origin)
    }

    /// Somebody buys from another shop of the same account.
    pub async fn sell_elsewhere(&self, reference: &str, minor: i64) {
        let url = format!("{}/transaction/initialize", self.base());
        let body = json!({ "email": "a@example.com", "amount": minor, "reference": reference });
        let asked = self.client.post(url).bearer_auth(KEY).json(&body);
        assert_eq!(asked.send().await.unwrap().status(), 200);
        let path = format!("/paystack/{reference}/complete");
        self.control(Method::POST, &path, &json!({})).await;
    }

    /// Has some operations go wrong.
    pub async fn fail(&self, faults: &Value) {
        let faults = json!({ "paystack": faults });
        self.control(Method::PUT, "/faults", &faults).await;
    }

    /// A dispute as the provider shows it.
    pub async fn dispute(&self, dispute: &Value) -> Value {
        let url = format!("{}/paystack/dispute/{}", self.origin, dispute["id"]);
        let answer = self.client.get(url).bearer_auth(KEY).send().await.unwrap();
        let body: Value = answer.json().await.unwrap();
        body["data"].clone()
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// A shop that sells through the sandbox.
pub struct Shop {
    pub app: TestApp,
    pub vendor: Vendor,
}

impl Shop {
    /// Nothing is polled for in a test's time.
    pub async fn open() -> Self {
        Self::open_with(&[]).await
    }

    pub async fn open_with(variables: &[(&str, &str)]) -> Self {
        let world = World::new();
        let vendor = Vendor::start(&world.clock);
        let base = format!("{}/paystack", vendor.origin);
        let mut all = vec![
            ("PAYSTACK__BASE_URL", base.as_str()),
            ("PAYSTACK__TIMEOUT_MS", "3000"),
            ("DISPUTES__POLL_EVERY_SECS", "86400"),
        ];
        all.extend(variables);
        let app = TestApp::start_in(world, &all).await;
        Self { app, vendor }
    }

    /// Somebody pays 1,500 naira, and nobody has decided yet what that is for.
    pub async fn paid(&self) -> Begun {
        let begun = self.app.begun().await;
        let path = format!("/paystack/{}/complete", begun.reference);
        self.vendor.control(Method::POST, &path, &json!({})).await;
        let told = json!({ "event": "charge.success", "data": { "reference": begun.reference } });
        self.app.webhook(&told).await.assert_success(200);
        self.app.until_status(begun.id, "paid").await;
        begun
    }

    /// Somebody pays, and the order keeps it.
    pub async fn kept(&self) -> Begun {
        let begun = self.paid().await;
        assert_eq!(self.app.keep(&begun).await.unwrap(), Outcome::Applied);
        begun
    }

    /// The buyer's bank wants so much back; answers the dispute as the provider shows it. We are not told.
    pub async fn dispute(&self, begun: &Begun, amount: i64) -> Value {
        let path = format!("/paystack/{}/dispute", begun.reference);
        let body = json!({ "refundAmount": amount });
        self.vendor.control(Method::POST, &path, &body).await
    }

    /// The dispute ends so; answers it as the provider shows it then. We are not told.
    pub async fn resolve(&self, begun: &Begun, resolution: &str) -> Value {
        let path = format!("/paystack/{}/dispute/resolve", begun.reference);
        let body = json!({ "resolution": resolution });
        self.vendor.control(Method::POST, &path, &body).await
    }

    /// The bank thinks twice: the dispute that had ended ends otherwise.
    pub async fn resolve_again(&self, begun: &Begun, resolution: &str) -> Value {
        let path = format!("/paystack/{}/dispute/resolve", begun.reference);
        let body = json!({ "resolution": resolution, "again": true });
        self.vendor.control(Method::POST, &path, &body).await
    }

    /// The provider tells of a dispute, and that is worked off.
    pub async fn tell(&self, what: &str, dispute: &Value) {
        let told = json!({ "event": format!("charge.dispute.{what}"), "data": dispute });
        self.app.webhook(&told).await.assert_success(200);
        self.app.until_worked_off().await;
    }

    /// A payment that an order keeps, all of which is disputed; we know. Answers our id of the dispute, and what the provider shows.
    pub async fn disputed(&self) -> (Begun, String, Value) {
        let kept = self.kept().await;
        let shown = self.dispute(&kept, 150_000).await;
        self.tell("create", &shown).await;
        let id = self.known(&shown).await["id"].as_str().unwrap().to_owned();
        (kept, id, shown)
    }

    /// What we know of a dispute.
    pub async fn known(&self, shown: &Value) -> Value {
        let sql = format!(
            "SELECT d.*, (amount * 100)::bigint AS minor, (taken * 100)::bigint AS taken_minor
             FROM payments.disputes d WHERE gateway_id = '{}'",
            shown["id"]
        );
        let rows = self.app.rows(&sql).await;
        rows.into_iter().next().unwrap_or(Value::Null)
    }

    /// How much is on an account, in hundredths.
    pub async fn balance(&self, account: &str) -> i64 {
        let sql = format!(
            "SELECT coalesce(sum(amount) * 100, 0)::bigint AS minor FROM payments.ledger_entries WHERE account = '{account}'"
        );
        self.app.rows(&sql).await[0]["minor"].as_i64().unwrap()
    }

    /// Finance looks.
    pub async fn get(&self, path: &str) -> Reply {
        self.app.get_as(staff(), "finance", path).await
    }

    pub fn hours_pass(&self, hours: i64) {
        self.app.world.clock.advance(TimeDelta::hours(hours));
    }
}
