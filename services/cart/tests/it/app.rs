//! The service under test, and shoppers that read like use.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use cart::config::Settings;
use cart::consumers;
use cart::startup::{AppState, Application, MIGRATIONS};
use common::service::Only;
use common::settings::Reader;
use common::{Clock as _, ids};
use events::orders::{OrderCreated, OrderedLine};
use messaging::{ConsumeError, EventMeta, Outcome, Received};
use money::{Amount, Currency};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use test_support::service::{self, Ask as _, Handles, Reply, RunningService};
use test_support::{FakeClock, TestDb, TestRedis, run_migrations};
use tokio_postgres::NoTls;
use uuid::Uuid;

use crate::catalogue::{Catalogue, Thing};

/// What the service has around it.
pub struct World {
    pub db: TestDb,
    pub redis_url: String,
    pub redis_prefix: String,
    pub catalogue: Catalogue,
    pub clock: FakeClock,
}

/// A running service with a world of its own.
pub struct TestApp {
    pub world: Arc<World>,
    service: RunningService,
    state: Arc<AppState>,
    runtime: tokio::runtime::Handle,
    _files: tempfile::TempDir,
}

/// What a test may want otherwise.
#[derive(Default)]
pub struct Options {
    pub variables: Vec<(&'static str, String)>,
    pub world: Option<Arc<World>>,
}

impl Options {
    pub fn with(variables: &[(&'static str, &str)]) -> Self {
        Self {
            variables: variables
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
            ..Self::default()
        }
    }
}

impl World {
    pub fn new() -> Arc<Self> {
        let redis = TestRedis::shared();
        Self::with_redis(redis.url(), redis.prefix())
    }

    pub fn with_redis(url: &str, prefix: &str) -> Arc<Self> {
        Arc::new(Self {
            db: TestDb::start("cart", prepare),
            redis_url: url.to_owned(),
            redis_prefix: prefix.to_owned(),
            catalogue: Catalogue::start(),
            clock: FakeClock::at_real_time(),
        })
    }

    /// Changes rows past the service, as time or an operator would.
    pub async fn execute(&self, sql: &str) -> u64 {
        let (client, connection) = tokio_postgres::connect(&self.db.admin_url(), NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client.execute(sql, &[]).await.unwrap()
    }
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub async fn start_with(options: Options) -> Self {
        let world = options.world.unwrap_or_else(World::new);
        let files = tempfile::tempdir().unwrap();
        let settings = settings(&files, &world, &options.variables);
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
            |application| async move { application.run_until_stopped(Only::All).await.unwrap() },
        )
        .await;
        Self {
            world,
            state: state.recv().unwrap(),
            runtime: service.runtime.clone(),
            service,
            _files: files,
        }
    }

    /// Another process of the same service.
    pub async fn start_beside(&self) -> Self {
        Self::start_with(Options {
            world: Some(Arc::clone(&self.world)),
            ..Options::default()
        })
        .await
    }

    /// Everything that the process does ends in the middle.
    pub fn crash(self) -> Arc<World> {
        self.service.crash();
        self.world
    }

    /// Ends as on SIGTERM.
    pub fn stop(self) -> Arc<World> {
        self.service.stop();
        self.world
    }

    /// Status and body of a path on the operations port.
    pub async fn ops(&self, path: &str) -> (u16, String) {
        self.service.ops(path).await
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.service.request(method, path)
    }

    /// A person who is signed in.
    pub fn person(&self) -> Shopper<'_> {
        self.person_with(ids::new_id())
    }

    pub fn person_with(&self, id: Uuid) -> Shopper<'_> {
        Shopper {
            app: self,
            id,
            bearer: Some(service::access_token(
                id,
                "customer",
                self.world.clock.now(),
            )),
            session: None,
        }
    }

    /// Somebody with this token, or none.
    pub fn guest(&self, session: Option<&str>) -> Shopper<'_> {
        Shopper {
            app: self,
            id: Uuid::nil(),
            bearer: None,
            session: session.map(str::to_owned),
        }
    }

    /// Has one of the service's functions run where its connections live.
    pub async fn inside<F>(&self, work: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        self.runtime.spawn(work).await.unwrap()
    }

    /// What its consumers work with.
    pub fn state(&self) -> Arc<AppState> {
        Arc::clone(&self.state)
    }

    /// Delivers `order.created`.
    pub async fn hear_order(
        &self,
        event_id: Uuid,
        user_id: Uuid,
        lines: &[(Uuid, i64)],
    ) -> Result<Outcome, ConsumeError> {
        let lines = lines.iter().map(|(variant_id, quantity)| OrderedLine {
            variant_id: *variant_id,
            quantity: *quantity,
        });
        let body = OrderCreated {
            order_id: ids::new_id(),
            user_id,
            lines: lines.collect(),
            total: Amount::try_from_minor(1).unwrap(),
            currency: Currency::Ngn,
        };
        let event = self.received("order_created", body, event_id);
        let consume = service::singly(consumers::on_order_created::on_order_created);
        let consume = consume(self.state(), event);
        self.inside(consume).await
    }

    /// A first delivery, past the broker.
    pub fn received<E: events::Event>(&self, queue: &str, body: E, id: Uuid) -> Received<E> {
        let meta = EventMeta {
            id,
            service: "test",
            time: self.world.clock.now(),
            aggregate_version: 1,
            traceparent: None,
        };
        Received::first(&format!("cart.on_{queue}"), body, &meta)
    }

    /// Rows of a query as JSON, read past the service.
    pub async fn rows(&self, sql: &str) -> Vec<Value> {
        service::rows(&self.world.db, sql).await
    }

    /// Events promised so far, of one type.
    pub async fn promised(&self, event_type: &str) -> Vec<Value> {
        service::promised(&self.world.db, "cart", event_type).await
    }

    /// Lets what the catalogue said a moment ago grow old.
    pub async fn forget_prices(&self) {
        tokio::time::sleep(Duration::from_millis(FRESH_MS + 20)).await;
    }
}

/// How long an answer of the catalogue counts as current in tests.
const FRESH_MS: u64 = 80;

/// Somebody with a cart.
#[derive(Clone)]
pub struct Shopper<'a> {
    app: &'a TestApp,
    pub id: Uuid,
    bearer: Option<String>,
    session: Option<String>,
}

impl Shopper<'_> {
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.app.request(method, &format!("/api/v1{path}"));
        if let Some(token) = &self.bearer {
            request = request.bearer_auth(token);
        }
        if let Some(session) = &self.session {
            request = request.header("X-Session-ID", session);
        }
        request
    }

    pub async fn cart(&self) -> Value {
        let reply = self.ask(Method::GET, "/cart").reply().await;
        reply.assert_success(200)["cart"].clone()
    }

    pub async fn add(&self, thing: Thing, quantity: i64) -> Reply {
        let body =
            json!({ "productId": thing.product, "variantId": thing.variant, "quantity": quantity });
        self.add_body(&body).await
    }

    pub async fn add_body(&self, body: &Value) -> Reply {
        self.ask(Method::POST, "/cart/items")
            .json(body)
            .reply()
            .await
    }

    /// Adds, and answers the line's id.
    #[track_caller]
    pub fn line(reply: &Reply, at: usize) -> String {
        let cart = &reply.assert_success(reply.status)["cart"];
        cart["items"][at]["id"].as_str().unwrap().to_owned()
    }

    pub async fn set(&self, line: &str, quantity: i64) -> Reply {
        self.ask(Method::PATCH, &format!("/cart/items/{line}"))
            .json(&json!({ "quantity": quantity }))
            .reply()
            .await
    }

    pub async fn remove(&self, line: &str) -> Reply {
        self.ask(Method::DELETE, &format!("/cart/items/{line}"))
            .reply()
            .await
    }

    pub async fn merge(&self, session: &str) -> Reply {
        self.ask(Method::POST, "/cart/merge")
            .json(&json!({ "sessionId": session }))
            .reply()
            .await
    }
}

/// Variant and quantity of each line, in order.
pub fn contents(cart: &Value) -> Vec<(Uuid, i64)> {
    let items = cart["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            let variant = item["variantId"].as_str().unwrap().parse().unwrap();
            (variant, item["quantity"].as_i64().unwrap())
        })
        .collect()
}

/// A service token for this service.
pub fn service_token(issuer: &str) -> String {
    service::service_token(issuer, "cart")
}

pub fn prepare(owner_url: &str) {
    run_migrations(owner_url, MIGRATIONS);
}

fn settings(files: &tempfile::TempDir, world: &World, more: &[(&'static str, String)]) -> Settings {
    let origin = world.catalogue.origin();
    let mut variables = service::variables("cart", "orders", files, &world.db, origin);
    let fresh = FRESH_MS.to_string();
    let own = [
        ("REDIS__URL", world.redis_url.as_str()),
        ("REDIS__PREFIX", world.redis_prefix.as_str()),
        ("UPSTREAMS__CATALOG__URL", origin),
        ("CATALOG__FRESH_MS", fresh.as_str()),
        ("CATALOG__DEADLINE_MS", "300"),
    ];
    variables.extend(own.map(|(name, value)| (format!("CART__{name}"), value.to_owned())));
    variables.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    variables.extend(
        more.iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone())),
    );
    let pairs = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    Settings::read(Reader::from_pairs("cart", pairs)).unwrap()
}
