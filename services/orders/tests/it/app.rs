//! The service under test, and people who use it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ::events::Event;
use chrono::TimeDelta;
use common::Clock as _;
use common::crypto::{Place, Sealer};
use common::ids;
use common::service::Seed;
use common::settings::Reader;
use messaging::{ConsumeError, EventMeta, Outcome, Received};
use orders::config::Settings;
use orders::startup::{AppState, Application};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::{self, Ask as _, Handles, Reply, RunningService};
use uuid::Uuid;

use crate::world::{Goods, World};

/// A running service with a world of its own.
pub struct TestApp {
    pub world: Arc<World>,
    service: Mutex<Option<RunningService>>,
    address: std::net::SocketAddr,
    runtime: tokio::runtime::Handle,
    client: reqwest::Client,
    pub state: Arc<AppState>,
    _files: tempfile::TempDir,
}

/// Somebody with an account.
#[derive(Clone)]
pub struct Person<'a> {
    app: &'a TestApp,
    pub id: Uuid,
    token: String,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With variables, without their prefix.
    pub async fn start_with(variables: &[(&str, &str)]) -> Self {
        let app = Self::start_in(World::new(), variables).await;
        app.seed().await;
        app
    }

    /// Where this sibling has the key that payments has elsewhere.
    pub async fn start_for(sibling: &str) -> Self {
        Self::start_with(&[(SIBLING, sibling)]).await
    }

    /// On a database that may be anywhere.
    pub async fn start_on(world: Arc<World>) -> Self {
        let app = Self::start_in(world, &[]).await;
        app.seed().await;
        app
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
            runtime: service.runtime.clone(),
            client: common::client::http_client().unwrap(),
            service: Mutex::new(Some(service)),
            _files: files,
        }
    }

    /// The ways to ship, taxes and coupon of a new shop.
    async fn seed(&self) {
        let files = tempfile::tempdir().unwrap();
        let settings = settings(&files, &self.world, &[]);
        let what = Seed::Demo {
            accounts: std::path::PathBuf::new(),
        };
        orders::seed::run(&settings, &what).await.unwrap();
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

    /// A new customer.
    pub fn customer(&self) -> Person<'_> {
        self.person("customer")
    }

    /// A new member of staff.
    pub fn staff(&self, role: &str) -> Person<'_> {
        self.person(role)
    }

    fn person(&self, role: &str) -> Person<'_> {
        let id = ids::new_id();
        Person {
            app: self,
            id,
            token: service::access_token(id, role, self.world.clock.now()),
        }
    }

    /// Asks as another service.
    pub async fn as_service(&self, method: Method, path: &str) -> Reply {
        let token = service::service_token("payments", "orders");
        self.request(method, path).bearer_auth(token).reply().await
    }

    /// Delivers an event past the broker; one of the same id is the same event.
    pub async fn hear_as<E, F, Fut>(
        &self,
        id: Uuid,
        body: E,
        consume: F,
    ) -> Result<Outcome, ConsumeError>
    where
        E: Event,
        F: FnOnce(Arc<AppState>, Received<E>) -> Fut,
        Fut: Future<Output = Result<Outcome, ConsumeError>> + Send + 'static,
    {
        self.deliver((id, 1), body, consume).await
    }

    /// Delivers events together, as when many wait; each is in a trace that has its event's id.
    pub async fn hear_together<E, F, Fut>(
        &self,
        events: &[(Uuid, E)],
        consume: F,
    ) -> Result<Vec<Outcome>, ConsumeError>
    where
        E: Event + Clone,
        F: FnOnce(Arc<AppState>, Vec<Received<E>>) -> Fut,
        Fut: Future<Output = Result<Vec<Outcome>, ConsumeError>> + Send + 'static,
    {
        let consumer = format!("orders.on_{}", E::TYPE.replace('.', "_"));
        let events = events.iter().map(|(id, body)| {
            let meta = EventMeta {
                id: *id,
                service: "elsewhere",
                time: self.world.clock.now(),
                aggregate_version: 1,
                traceparent: Some(format!("00-{}-00000000000000a1-00", id.simple())),
            };
            Received::first(&consumer, body.clone(), &meta)
        });
        let consuming = consume(Arc::clone(&self.state), events.collect());
        self.runtime.spawn(consuming).await.unwrap()
    }

    /// The same for a new event about something of this version.
    pub async fn hear_version<E, F, Fut>(&self, version: i64, body: E, consume: F) -> Outcome
    where
        E: Event,
        F: FnOnce(Arc<AppState>, Received<E>) -> Fut,
        Fut: Future<Output = Result<Outcome, ConsumeError>> + Send + 'static,
    {
        let delivered = self.deliver((ids::new_id(), version), body, consume).await;
        delivered.unwrap()
    }

    async fn deliver<E, F, Fut>(
        &self,
        (id, aggregate_version): (Uuid, i64),
        body: E,
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
            aggregate_version,
            traceparent: None,
        };
        let consumer = format!("orders.on_{}", E::TYPE.replace('.', "_"));
        let event = Received::first(&consumer, body, &meta);
        let consuming = consume(Arc::clone(&self.state), event);
        self.runtime.spawn(consuming).await.unwrap()
    }

    /// The same for a new event.
    pub async fn hear<E, F, Fut>(&self, body: E, consume: F) -> Result<Outcome, ConsumeError>
    where
        E: Event,
        F: FnOnce(Arc<AppState>, Received<E>) -> Fut,
        Fut: Future<Output = Result<Outcome, ConsumeError>> + Send + 'static,
    {
        self.hear_as(ids::new_id(), body, consume).await
    }

    pub async fn rows(&self, sql: &str) -> Vec<Value> {
        service::rows(&self.world.db, sql).await
    }

    /// Events promised so far, of one type.
    pub async fn promised(&self, event_type: &str) -> Vec<Value> {
        service::promised(&self.world.db, "orders", event_type).await
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

    /// What a document says.
    pub async fn content(&self, number: &str) -> Value {
        let sql = format!(
            "SELECT id, encode(content, 'hex') AS sealed FROM orders.documents WHERE number = '{number}'"
        );
        let row = &self.rows(&sql).await[0];
        let place = Place {
            column: "documents.content",
            row: row["id"].as_str().unwrap().parse().unwrap(),
        };
        let sealed = hex::decode(row["sealed"].as_str().unwrap()).unwrap();
        let sealer = Sealer::with_key("k1", &[0; 32]).unwrap();
        serde_json::from_slice(&sealer.open(place, &sealed).unwrap()).unwrap()
    }

    /// Lets time pass.
    pub fn wait(&self, time: TimeDelta) {
        self.world.clock.advance(time);
    }
}

impl Person<'_> {
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let path = format!("/api/v1{path}");
        self.app.request(method, &path).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.request(Method::GET, path).reply().await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.request(Method::POST, path).json(body).reply().await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.request(Method::PATCH, path).json(body).reply().await
    }

    /// Orders under a key of its own.
    pub async fn order(&self, body: &Value) -> Reply {
        self.order_as(&ids::new_id().to_string(), body).await
    }

    /// Orders under a key.
    pub async fn order_as(&self, key: &str, body: &Value) -> Reply {
        self.request(Method::POST, "/orders")
            .header("Idempotency-Key", key)
            .json(body)
            .reply()
            .await
    }

    /// Orders so many of something; answers the order.
    pub async fn buy(&self, goods: Goods, quantity: u32) -> Value {
        let reply = self.order(&order_of(&[goods.item(quantity)])).await;
        reply.assert_success(201)["order"].clone()
    }

    /// The order as it is now.
    pub async fn see(&self, order: &Value) -> Value {
        let reply = self
            .get(&format!("/orders/{}", order["id"].as_str().unwrap()))
            .await;
        reply.assert_success(200)["order"].clone()
    }
}

/// An order of these items to an address in Lagos.
pub fn order_of(items: &[Value]) -> Value {
    json!({ "items": items, "shippingAddress": address() })
}

pub fn address() -> Value {
    json!({
        "fullName": "Ada Obi", "phone": "+2348012345678", "addressLine1": "12 Allen Avenue", "city": "Ikeja",
        "state": "Lagos", "country": "NG", "postalCode": "100281",
    })
}

/// The id of what is answered.
pub fn id_of(thing: &Value) -> Uuid {
    thing["id"].as_str().unwrap().parse().unwrap()
}

/// Waits until something is so.
pub async fn eventually<F, Fut>(what: &str, check: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = bool>,
{
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        if check().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{what} did not come true");
}

/// What personal data is encrypted with, 32 zeros.
const PII_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// Which sibling has a key; no setting of the service.
const SIBLING: &str = "sibling";

fn settings(files: &tempfile::TempDir, world: &World, more: &[(&str, &str)]) -> Settings {
    let origin = &world.auth.origin;
    let (siblings, more): (Vec<_>, Vec<_>) = more.iter().partition(|(name, _)| *name == SIBLING);
    let sibling = siblings.first().map_or("payments", |(_, sibling)| sibling);
    let mut variables = service::variables("orders", sibling, files, &world.db, origin);
    let pii = json!({ "current": "k1", "keys": { "k1": PII_KEY }, "index": PII_KEY }).to_string();
    let pii = service::secret_file(files, "pii.json", pii.as_bytes());
    for (name, value) in [
        ("UPSTREAMS__CATALOG__URL", world.catalog.origin.as_str()),
        ("UPSTREAMS__INVENTORY__URL", world.inventory.origin.as_str()),
        ("UPSTREAMS__CART__URL", world.cart.origin.as_str()),
        ("PII__KEYS_FILE", pii.as_str()),
        ("SWEEP_MS", "50"),
    ]
    .iter()
    .chain(&more)
    {
        let name = format!("ORDERS__{name}");
        variables.retain(|(other, _)| *other != name);
        variables.push((name, (*value).to_owned()));
    }
    let pairs = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    Settings::read(Reader::from_pairs("orders", pairs)).unwrap()
}
