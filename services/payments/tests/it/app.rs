//! The service under test.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::events::Event;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::settings::Reader;
use common::{Clock as _, ids};
use messaging::{ConsumeError, EventMeta, Outcome, Received};
use payments::config::Settings;
use payments::startup::{AppState, Application};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::{self, Handles, RunningService};
use uuid::Uuid;

use crate::paystack::KEY;
use crate::world::World;

/// A running service with a world of its own.
pub struct TestApp {
    pub world: Arc<World>,
    service: Mutex<Option<RunningService>>,
    address: SocketAddr,
    ops_address: SocketAddr,
    runtime: tokio::runtime::Handle,
    client: reqwest::Client,
    state: Arc<AppState>,
    _files: tempfile::TempDir,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With variables, without their prefix.
    pub async fn start_with(variables: &[(&str, &str)]) -> Self {
        Self::start_in(World::new(), variables).await
    }

    pub async fn start_in(world: Arc<World>, variables: &[(&str, &str)]) -> Self {
        let files = tempfile::tempdir().unwrap();
        let settings = settings(&files, &world, variables);
        let clock = world.clock.clone();
        let (give, state) = std::sync::mpsc::channel();
        let service = RunningService::start(
            move || {
                let application = Application::build(settings, Arc::new(clock)).unwrap();
                give.send(application.state()).unwrap();
                let chassis = application.chassis();
                let handles = Handles {
                    address: chassis.address().unwrap(),
                    ops_address: chassis.ops_address().unwrap(),
                    shutdown: chassis.shutdown_token(),
                };
                (application, handles)
            },
            move |application| async move {
                let only = common::service::Only::default();
                application.run_until_stopped(only).await.unwrap();
            },
        )
        .await;
        Self {
            world,
            state: state.recv().unwrap(),
            address: service.handles.address,
            ops_address: service.handles.ops_address,
            runtime: service.runtime.clone(),
            client: reqwest_client(),
            service: Mutex::new(Some(service)),
            _files: files,
        }
    }

    /// Everything that the process does ends in the middle, also what others wait for.
    pub fn crash(&self) -> Arc<World> {
        let service = self.service.lock().unwrap().take();
        if let Some(service) = service {
            tokio::task::block_in_place(|| service.crash());
        }
        Arc::clone(&self.world)
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.address))
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that is counted, as text.
    pub async fn metrics(&self) -> String {
        let url = format!("http://{}/metrics", self.ops_address);
        let metrics = self.client.get(url).send().await.unwrap();
        metrics.text().await.unwrap()
    }

    /// What one counter stands at.
    pub async fn counted(&self, name: &str, label: &str) -> u64 {
        let metrics = self.metrics().await;
        let mut lines = metrics.lines();
        let line = lines.find(|line| line.starts_with(name) && line.contains(label));
        let value = line.unwrap().rsplit(' ').next().unwrap();
        value.parse().unwrap()
    }

    /// Delivers an event past the broker.
    pub async fn hear<E, F, Fut>(
        &self,
        body: E,
        id: Uuid,
        consume: F,
    ) -> Result<Outcome, ConsumeError>
    where
        E: Event,
        F: FnOnce(Arc<AppState>, Received<E>) -> Fut,
        Fut: Future<Output = Result<Outcome, ConsumeError>> + Send + 'static,
    {
        let meta = EventMeta {
            id,
            service: "elsewhere",
            time: self.world.clock.now(),
            aggregate_version: 1,
            traceparent: None,
        };
        let consumer = format!("payments.on_{}", E::TYPE.replace('.', "_"));
        let event = Received::first(&consumer, body, &meta);
        let consuming = consume(Arc::clone(&self.state), event);
        self.runtime.spawn(consuming).await.unwrap()
    }

    /// Delivers new events together, as when many wait.
    pub async fn hear_together<E, F, Fut>(
        &self,
        bodies: &[E],
        consume: F,
    ) -> Result<Vec<Outcome>, ConsumeError>
    where
        E: Event + Clone,
        F: FnOnce(Arc<AppState>, Vec<Received<E>>) -> Fut,
        Fut: Future<Output = Result<Vec<Outcome>, ConsumeError>> + Send + 'static,
    {
        let consumer = format!("payments.on_{}", E::TYPE.replace('.', "_"));
        let events = bodies.iter().map(|body| {
            let meta = EventMeta {
                id: ids::new_id(),
                service: "elsewhere",
                time: self.world.clock.now(),
                aggregate_version: 1,
                traceparent: None,
            };
            Received::first(&consumer, body.clone(), &meta)
        });
        let consuming = consume(Arc::clone(&self.state), events.collect());
        self.runtime.spawn(consuming).await.unwrap()
    }

    pub async fn rows(&self, sql: &str) -> Vec<Value> {
        service::rows(&self.world.db, sql).await
    }

    /// Events promised so far, of one type.
    pub async fn promised(&self, event_type: &str) -> Vec<Value> {
        service::promised(&self.world.db, "payments", event_type).await
    }

    /// Changes rows past the service.
    pub async fn execute(&self, sql: &str) {
        let url = self.world.db.admin_url();
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
    }

    /// Waits until a query finds something, while time passes for the service faster than for us.
    pub async fn until(&self, what: &str, sql: &str) -> Vec<Value> {
        for _ in 0..400 {
            let rows = self.rows(sql).await;
            if !rows.is_empty() {
                return rows;
            }
            self.world
                .clock
                .advance(chrono::TimeDelta::milliseconds(250));
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let state = self.rows("SELECT * FROM payments.payments").await;
        let refunds = self.rows("SELECT * FROM payments.refunds").await;
        let events = self
            .rows("SELECT event_key, status, outcome, attempts, last_error FROM payments.webhook_events")
            .await;
        panic!("{what} did not happen:\n{state:#?}\n{refunds:#?}\n{events:#?}");
    }
}

/// Patient enough for whatever the service itself waits for.
#[expect(
    clippy::disallowed_methods,
    reason = "a test waits longer than a sibling"
)]
fn reqwest_client() -> reqwest::Client {
    reqwest::Client::builder()
        .timeout(Duration::from_secs(40))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

pub fn settings(files: &tempfile::TempDir, world: &World, more: &[(&str, &str)]) -> Settings {
    let mut variables =
        service::variables("payments", "orders", files, &world.db, &world.auth.origin);
    let key = |byte: u8| STANDARD.encode([byte; 32]);
    let pii = json!({ "current": "k1", "keys": { "k1": key(1) }, "index": key(2) });
    let pii = service::secret_file(files, "pii.json", pii.to_string().as_bytes());
    for (name, value) in [
        ("UPSTREAMS__ORDERS__URL", world.orders.origin.as_str()),
        ("UPSTREAMS__NOTIFICATIONS__URL", &world.orders.origin),
        ("PAYSTACK__BASE_URL", &world.paystack.origin()),
        ("PAYSTACK__SECRET_KEY", KEY),
        ("PAYSTACK__TIMEOUT_MS", "600"),
        ("SETTLEMENTS__EVERY_SECS", "0"),
        // Where time is made to fly, nobody expects a night to come.
        ("RECONCILIATION__NIGHTLY", "false"),
        ("PII__KEYS_FILE", &pii),
    ] {
        variables.push((format!("PAYMENTS__{name}"), value.to_owned()));
    }
    for (name, value) in more {
        let name = format!("PAYMENTS__{name}");
        variables.retain(|(other, _)| *other != name);
        variables.push((name, (*value).to_owned()));
    }
    let pairs = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    Settings::read(Reader::from_pairs("payments", pairs)).unwrap()
}
