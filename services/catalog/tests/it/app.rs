//! The service under test, and a client that reads like use.

use std::sync::Arc;
use std::time::{Duration, Instant};

use catalog::config::Settings;
use catalog::consumers;
use catalog::startup::{AppState, Application, MIGRATIONS};
use common::settings::Reader;
use common::{Clock as _, ids};
use events::inventory::StockChanged;
use messaging::{EventMeta, Outcome, Received};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use test_support::service::{self, Ask as _, Handles, Reply, RunningService};
use test_support::stand_in::{Reply as Answer, StandIn};
use test_support::{FakeClock, PrivatePostgres, TestDb, TestRedis, run_migrations};
use tokio::time::sleep;
use tokio_postgres::NoTls;
use uuid::Uuid;

/// How long after its acknowledgement a change may be unseen elsewhere.
pub const SEEN_WITHIN: Duration = Duration::from_secs(1);

/// What the service has around it.
pub struct World {
    pub db: TestDb,
    pub clock: FakeClock,
    redis_url: String,
    redis_prefix: String,
    auth: StandIn,
}

/// A running service.
pub struct TestApp {
    pub world: Arc<World>,
    service: RunningService,
    state: Arc<AppState>,
    _files: tempfile::TempDir,
}

impl World {
    pub fn with_redis(url: &str, prefix: &str) -> Arc<Self> {
        Self::with(TestDb::start("catalog", prepare), url, prefix)
    }

    pub fn with_postgres(postgres: &PrivatePostgres) -> Arc<Self> {
        let redis = TestRedis::shared();
        let db = TestDb::start_on(postgres, "catalog", prepare);
        Self::with(db, redis.url(), redis.prefix())
    }

    fn with(db: TestDb, url: &str, prefix: &str) -> Arc<Self> {
        Arc::new(Self {
            db,
            clock: FakeClock::at_real_time(),
            redis_url: url.to_owned(),
            redis_prefix: prefix.to_owned(),
            auth: StandIn::start(|request| {
                service::auth_answer(request).unwrap_or_else(|| Answer::error(404, "NOT_FOUND"))
            }),
        })
    }
}

impl TestApp {
    /// A service with a world of its own.
    pub async fn start() -> Self {
        let redis = TestRedis::shared();
        Self::start_in(World::with_redis(redis.url(), redis.prefix())).await
    }

    /// Another process of the same service.
    pub async fn start_beside(&self) -> Self {
        Self::start_in(Arc::clone(&self.world)).await
    }

    pub async fn start_in(world: Arc<World>) -> Self {
        let files = tempfile::tempdir().unwrap();
        let mut variables =
            service::variables("catalog", "cart", &files, &world.db, &world.auth.origin);
        variables.push(("CATALOG__REDIS__URL".to_owned(), world.redis_url.clone()));
        variables.push((
            "CATALOG__REDIS__PREFIX".to_owned(),
            world.redis_prefix.clone(),
        ));
        let pairs = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let settings = Settings::read(Reader::from_pairs("catalog", pairs)).unwrap();
        let own = world.clock.clone();
        let (give, state) = std::sync::mpsc::channel();
        let service = RunningService::start(
            move || {
                let application = Application::build(settings, Arc::new(own)).unwrap();
                give.send(application.state()).unwrap();
                let chassis = application.chassis();
                let handles = Handles {
                    address: chassis.address().unwrap(),
                    ops_address: chassis.ops_address().unwrap(),
                    shutdown: chassis.shutdown_token(),
                };
                (application, handles)
            },
            |application| async move {
                application
                    .run_until_stopped(Default::default())
                    .await
                    .unwrap();
            },
        )
        .await;
        Self {
            world,
            service,
            state: state.recv().unwrap(),
            _files: files,
        }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.service.request(method, path)
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.request(Method::GET, &format!("/api/v1{path}"))
            .reply()
            .await
    }

    pub fn token(&self, role: &str) -> String {
        service::access_token(ids::new_id(), role, self.world.clock.now())
    }

    pub fn as_merchant(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, &format!("/api/v1{path}"))
            .bearer_auth(self.token("merchant"))
    }

    /// Makes a product and answers it.
    pub async fn product(&self, body: Value) -> Value {
        let reply = self
            .as_merchant(Method::POST, "/products")
            .json(&body)
            .reply()
            .await;
        reply.assert_success(201)["product"].clone()
    }

    pub async fn plain_product(&self, sku: &str, title: &str, price: Value) -> Value {
        self.product(json!({ "sku": sku, "title": title, "price": price }))
            .await
    }

    pub async fn change(&self, id: &Value, body: Value) -> Reply {
        let path = format!("/products/{}", id.as_str().unwrap());
        self.as_merchant(Method::PATCH, &path)
            .json(&body)
            .reply()
            .await
    }

    /// How many public answers came from there: `here`, `redis` or `postgres`.
    pub async fn answers_from(&self, source: &str) -> u64 {
        let (_, metrics) = self.service.ops("/metrics").await;
        let wanted = format!("source=\"{source}\"");
        let line = metrics
            .lines()
            .find(|line| line.starts_with("catalog_answers_total{") && line.contains(&wanted));
        line.unwrap().rsplit_once(' ').unwrap().1.parse().unwrap()
    }

    /// The product, as soon as it is shown with so many.
    pub async fn shown_with(&self, slug: &str, available: i64) -> Value {
        let begun = Instant::now();
        loop {
            let reply = self.get(&format!("/products/{slug}")).await;
            let shown = reply.assert_success(200)["product"].clone();
            if shown["available"] == available {
                return shown;
            }
            assert!(
                begun.elapsed() < SEEN_WITHIN,
                "it stays {}",
                shown["available"]
            );
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// How many statements the service has asked on its requests' connections.
    pub async fn statements(&self) -> u64 {
        let (_, metrics) = self.service.ops("/metrics").await;
        let line = metrics
            .lines()
            .find(|line| line.starts_with("db_statements{"));
        line.unwrap().rsplit_once(' ').unwrap().1.parse().unwrap()
    }

    /// Changes rows past the service.
    pub async fn execute(&self, sql: &str) {
        let (client, connection) = tokio_postgres::connect(&self.world.db.admin_url(), NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
    }

    pub async fn promised(&self, event_type: &str) -> Vec<Value> {
        service::promised(&self.world.db, "catalog", event_type).await
    }

    pub async fn rows(&self, sql: &str) -> Vec<Value> {
        service::rows(&self.world.db, sql).await
    }

    /// Delivers what inventory says of variants, each with its version.
    pub async fn hear_stock(&self, said: &[(Uuid, i64, i64)]) -> Vec<Outcome> {
        let events = said.iter().map(|(variant_id, available, version)| {
            let meta = EventMeta {
                id: ids::new_id(),
                service: "inventory",
                time: self.world.clock.now(),
                aggregate_version: *version,
                traceparent: None,
            };
            let body = StockChanged {
                variant_id: *variant_id,
                available: *available,
            };
            Received::first("catalog.on_stock_changed", body, &meta)
        });
        let consume = consumers::on_stock_changed::on_stock_changed(
            Arc::clone(&self.state),
            events.collect(),
        );
        self.service.runtime.spawn(consume).await.unwrap().unwrap()
    }
}

pub fn prepare(owner_url: &str) {
    run_migrations(owner_url, MIGRATIONS);
}

pub fn id(value: &Value) -> Uuid {
    value.as_str().unwrap().parse().unwrap()
}

pub fn titles(reply: &Reply) -> Vec<String> {
    let products = reply.assert_success(200)["products"].as_array().unwrap();
    let title = |product: &Value| product["title"].as_str().unwrap().to_owned();
    products.iter().map(title).collect()
}
