//! The service under test.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use ::events::Event;
use common::Clock as _;
use common::settings::Reader;
use inventory::config::Settings;
use inventory::startup::{AppState, Application};
use messaging::{ConsumeError, EventMeta, Outcome, Received};
use reqwest::Method;
use serde_json::Value;
use test_support::service::{self, Handles, RunningService};
use uuid::Uuid;

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
    files: tempfile::TempDir,
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
            client: common::client::http_client().unwrap(),
            service: Mutex::new(Some(service)),
            files,
        }
    }

    /// As the service has them.
    pub fn settings(&self) -> Settings {
        settings(&self.files, &self.world, &[])
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

    /// What one counter stands at.
    pub async fn counted(&self, name: &str) -> u64 {
        let url = format!("http://{}/metrics", self.ops_address);
        let metrics = self.client.get(url).send().await.unwrap();
        let metrics = metrics.text().await.unwrap();
        let line = metrics.lines().find(|line| line.starts_with(name));
        let value = line.unwrap().rsplit(' ').next().unwrap();
        value.parse().unwrap()
    }

    /// Delivers an event past the broker.
    pub async fn hear<E, F, Fut>(
        &self,
        body: E,
        version: i64,
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
            aggregate_version: version,
            traceparent: None,
        };
        let consumer = format!("inventory.on_{}", E::TYPE.replace('.', "_"));
        let event = Received::first(&consumer, body, &meta);
        let consuming = consume(Arc::clone(&self.state), event);
        self.runtime.spawn(consuming).await.unwrap()
    }

    pub async fn rows(&self, sql: &str) -> Vec<Value> {
        service::rows(&self.world.db, sql).await
    }

    /// Events promised so far, of one type.
    pub async fn promised(&self, event_type: &str) -> Vec<Value> {
        service::promised(&self.world.db, "inventory", event_type).await
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
}

fn settings(files: &tempfile::TempDir, world: &World, more: &[(&str, &str)]) -> Settings {
    let mut variables =
        service::variables("inventory", "orders", files, &world.db, &world.auth.origin);
    let catalog = (
        "INVENTORY__UPSTREAMS__CATALOG__URL".to_owned(),
        world.catalog.origin.clone(),
    );
    variables.push(catalog);
    variables.push(("INVENTORY__HOLDS__SWEEP_MS".to_owned(), "50".to_owned()));
    for (name, value) in more {
        let name = format!("INVENTORY__{name}");
        variables.retain(|(other, _)| *other != name);
        variables.push((name, (*value).to_owned()));
    }
    let pairs = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    Settings::read(Reader::from_pairs("inventory", pairs)).unwrap()
}
