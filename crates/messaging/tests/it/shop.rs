//! A service that tells events to itself: every part of the path between two transactions.
//!
//! It is `admin`, because that service hears every event, those of its own included.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use common::auth::{ServiceKeySettings, ServiceTokens};
use common::clock::{Clock as _, SystemClock};
use common::database::{Database, DatabaseSettings};
use common::ids;
use common::metrics::Metrics;
use diesel::prelude::*;
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl};
use events::shared::AuditRecorded;
use lapin::BasicProperties;
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use messaging::broker::{Broker, Outgoing, Publisher, RetryStep, Topology};
use messaging::inbox::{self, Seen};
use messaging::{
    AmqpSettings, ConsumeError, Consumers, EventMeta, EventPath, Outcome, Received, outbox,
};
use serde_json::json;
use test_support::TestDb;
use test_support::tokens::ed25519_key;
use tokio_util::sync::CancellationToken;

use crate::database;

pub const SERVICE: &str = "admin";
pub const CONSUMER: &str = "admin.on_audit_recorded";

diesel::table! {
    effects (position) {
        position -> BigInt,
        number -> BigInt,
        version -> BigInt,
    }
}

/// Databases, names in a broker, and what the consumer does.
pub struct Shop {
    pub db: TestDb,
    pub pool: Database,
    settings: DatabaseSettings,
    pub amqp: AmqpSettings,
    retry_steps: Vec<RetryStep>,
    pub state: Arc<Applied>,
}

/// The consumer's state.
pub struct Applied {
    pub db: Database,
    /// What the consumer does beside its effect, decided by the event's number and the attempt.
    pub twist: Twist,
    /// The trace that each attempt was part of.
    pub traces: std::sync::Mutex<Vec<String>>,
}

pub type Twist = Box<dyn Fn(i64, u32) -> Answer + Send + Sync>;

/// What a test makes of an event.
#[derive(Debug, Clone)]
pub enum Answer {
    Apply,
    Fail(ConsumeError),
    Panic,
    /// Commits the effect and then never answers.
    HangAfterCommit,
}

/// A process of the shop, as it were.
pub struct Running {
    runtime: Option<tokio::runtime::Runtime>,
    shutdown: CancellationToken,
    pub metrics: Metrics,
}

impl Running {
    /// Ends without any farewell: nothing is acknowledged or finished.
    pub fn crash(mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// The sum of the series of the metrics that begin so.
    pub fn metric(&self, series: &str) -> f64 {
        self.metric_with(series, "")
    }

    /// The same of those series that have this label's value, too.
    pub fn metric_with(&self, series: &str, label: &str) -> f64 {
        let text = String::from_utf8(self.metrics.render().unwrap()).unwrap();
        let lines = text.lines();
        let lines = lines.filter(|line| line.starts_with(series) && line.contains(label));
        lines
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shutdown.cancel();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Shop {
    /// A shop in a broker, whose names begin with `prefix`; every event is applied.
    pub async fn new(broker: &str, prefix: &str) -> Self {
        Self::with_twist(broker, prefix, |_, _| Answer::Apply).await
    }

    pub async fn with_twist(
        broker: &str,
        prefix: &str,
        twist: impl Fn(i64, u32) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let db = database::start_for(SERVICE);
        database::as_owner(
            &db,
            "CREATE TABLE effects (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                                   number bigint NOT NULL, version bigint NOT NULL)",
        )
        .await;
        Self::around(db, None, broker, prefix, Box::new(twist))
    }

    /// The same on a database reached through `url`.
    pub fn around(
        db: TestDb,
        url: Option<String>,
        broker: &str,
        prefix: &str,
        twist: Twist,
    ) -> Self {
        let settings = DatabaseSettings {
            url: url.unwrap_or_else(|| db.url()).into(),
            pool: 8,
            acquire: Duration::from_secs(2),
        };
        let pool = Database::connect(&settings);
        let amqp = AmqpSettings {
            deployed: vec![SERVICE.to_owned()],
            ..AmqpSettings::bare(broker.to_owned(), prefix.to_owned())
        };
        let step = |name, millis| RetryStep {
            name,
            delay: Duration::from_millis(millis),
        };
        Self {
            state: Arc::new(Applied {
                db: pool.clone(),
                twist,
                traces: std::sync::Mutex::default(),
            }),
            db,
            pool,
            settings,
            amqp,
            retry_steps: vec![
                step("1s", 50),
                step("10s", 100),
                step("60s", 150),
                step("5m", 200),
            ],
        }
    }

    pub fn topology(&self) -> Topology {
        Topology::new(&self.amqp).with_retry_steps(self.retry_steps.clone())
    }

    pub fn broker(&self) -> Arc<Broker> {
        Arc::new(Broker::new(self.amqp.clone()).with_topology(self.topology()))
    }

    /// Starts relay and consumers in a runtime of their own.
    pub fn run(&self) -> Running {
        common::crypto::install_providers();
        let metrics = Metrics::new(SERVICE).unwrap();
        let path = EventPath::new(
            SERVICE,
            self.amqp.clone(),
            &self.settings,
            service_tokens(),
            &metrics,
        )
        .unwrap()
        .with_topology(self.topology())
        .consumers(Consumers::new(SERVICE, Arc::clone(&self.state)).on(on_audit_recorded))
        .unwrap();
        self.spawn(path, metrics)
    }

    /// The same, once the queue is there and knows that it has missed nothing: events that follow are
    /// delivered once.
    pub async fn run_settled(&self) -> Running {
        let running = self.run();
        let queue = self.topology().queue(CONSUMER);
        let connection = self.broker().connect("test").await.unwrap();
        loop {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let channel = connection.create_channel().await.unwrap();
            let options = QueueDeclareOptions {
                passive: true,
                ..QueueDeclareOptions::default()
            };
            let found = channel
                .queue_declare(queue.as_str().into(), options, FieldTable::default())
                .await;
            if found.is_ok_and(|queue| queue.message_count() == 0 && queue.consumer_count() == 1) {
                tokio::time::sleep(Duration::from_millis(300)).await;
                return running;
            }
        }
    }

    /// Starts the relay only.
    pub fn run_relay(&self) -> Running {
        common::crypto::install_providers();
        let metrics = Metrics::new(SERVICE).unwrap();
        let path = EventPath::new(
            SERVICE,
            self.amqp.clone(),
            &self.settings,
            service_tokens(),
            &metrics,
        )
        .unwrap()
        .with_topology(self.topology());
        self.spawn(path, metrics)
    }

    pub fn run_batches(&self) -> Running {
        common::crypto::install_providers();
        let metrics = Metrics::new(SERVICE).unwrap();
        let path = EventPath::new(
            SERVICE,
            self.amqp.clone(),
            &self.settings,
            service_tokens(),
            &metrics,
        )
        .unwrap()
        .with_topology(self.topology())
        .consumers(Consumers::new(SERVICE, Arc::clone(&self.state)).on_batch(on_audit_batch))
        .unwrap();
        self.spawn(path, metrics)
    }

    fn spawn(&self, path: EventPath, metrics: Metrics) -> Running {
        let shutdown = CancellationToken::new();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let token = shutdown.clone();
        runtime.spawn(async move { path.run(token).await.unwrap() });
        Running {
            runtime: Some(runtime),
            shutdown,
            metrics,
        }
    }

    /// Commits numbered events, some in each transaction.
    pub async fn promise(&self, numbers: Range<i64>) {
        let mut conn = database::connect(&self.db.url()).await;
        let numbers: Vec<i64> = numbers.collect();
        for chunk in numbers.chunks(50) {
            conn.transaction(async |conn| {
                let events: Vec<_> = chunk.iter().map(|number| numbered(*number, 1)).collect();
                outbox::append_all(conn, &events).await
            })
            .await
            .unwrap();
        }
    }

    /// Commits one event that was caused by a traced request.
    pub async fn promise_traced(&self, number: i64, traceparent: &str) {
        let mut conn = database::connect(&self.db.url()).await;
        let (event, mut meta) = numbered(number, 1);
        meta.traceparent = Some(traceparent.to_owned());
        outbox::append(&mut conn, &event, &meta).await.unwrap();
    }

    /// Commits one event of an aggregate at a version.
    pub async fn promise_version(&self, number: i64, version: i64) {
        let mut conn = database::connect(&self.db.url()).await;
        let (event, meta) = numbered(number, version);
        outbox::append(&mut conn, &event, &meta).await.unwrap();
    }

    /// The numbers applied so far, in order of application.
    pub async fn effects(&self) -> Vec<i64> {
        let mut conn = database::connect(&self.db.admin_url()).await;
        diesel::sql_query("SELECT number FROM admin.effects ORDER BY position")
            .get_results::<Number>(&mut conn)
            .await
            .unwrap()
            .into_iter()
            .map(|row| row.number)
            .collect()
    }

    /// A count in the service's schema.
    pub async fn count(&self, what: &str) -> i64 {
        let mut conn = database::connect(&self.db.admin_url()).await;
        let query = format!("SELECT count(*) AS number FROM admin.{what}");
        diesel::sql_query(query)
            .get_result::<Number>(&mut conn)
            .await
            .unwrap()
            .number
    }

    /// Waits until each number was applied exactly once.
    pub async fn expect_once(&self, numbers: Range<i64>, patience: Duration) {
        let wanted: Vec<i64> = numbers.collect();
        let mut seen = Vec::new();
        let began = std::time::Instant::now();
        while began.elapsed() < patience {
            seen = self.effects().await;
            seen.sort_unstable();
            if seen.len() >= wanted.len() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(
            seen.len(),
            wanted.len(),
            "applied {} of {} after {:?}",
            seen.len(),
            wanted.len(),
            began.elapsed()
        );
        assert_eq!(seen, wanted);
    }

    /// Waits until a count in the service's schema exceeds a number.
    pub async fn expect_more_than(&self, what: &str, number: i64, patience: Duration) {
        let began = std::time::Instant::now();
        while self.count(what).await <= number {
            assert!(
                began.elapsed() < patience,
                "{what}: not more than {number} after {patience:?}"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits for a count in the service's schema.
    pub async fn expect_count(&self, what: &str, wanted: i64, patience: Duration) {
        let began = std::time::Instant::now();
        let mut seen = -1;
        while began.elapsed() < patience {
            seen = self.count(what).await;
            if seen == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{what}: {seen} and not {wanted} after {patience:?}");
    }

    /// Puts a message straight into the consumer's queue.
    pub async fn inject(&self, body: &[u8], properties: BasicProperties) {
        let publisher = Publisher::new(self.broker(), "test".to_owned());
        let outgoing = Outgoing {
            exchange: String::new(),
            routing_key: self.topology().queue(CONSUMER),
            mandatory: true,
            properties: properties.with_message_id(ids::new_id().to_string().into()),
            body: body.to_vec(),
        };
        let sent = publisher.publish_one(outgoing).await.unwrap();
        assert_eq!(sent, messaging::broker::Sent::Confirmed);
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    number: i64,
}

/// An event that says its number.
pub fn numbered(number: i64, version: i64) -> (AuditRecorded, EventMeta) {
    let now = SystemClock.now();
    let event = AuditRecorded {
        audit_id: ids::new_id(),
        occurred_at: now,
        actor_id: None,
        actor_role: "system".to_owned(),
        action: "test.numbered".to_owned(),
        entity_type: "number".to_owned(),
        entity_id: number.to_string(),
        metadata: json!({}).to_string(),
        request_id: None,
    };
    let meta = EventMeta {
        id: ids::new_id(),
        service: SERVICE,
        time: now,
        aggregate_version: version,
        traceparent: None,
    };
    (event, meta)
}

/// Applies an event once, and an aggregate's newest version only.
pub async fn on_audit_recorded(
    state: Arc<Applied>,
    event: Received<AuditRecorded>,
) -> Result<Outcome, ConsumeError> {
    let number: i64 = event.body.entity_id.parse().unwrap();
    let answer = (state.twist)(number, event.attempt);
    let trace = common::context::current().unwrap().trace.trace_id_hex();
    state.traces.lock().unwrap().push(trace);
    if let Answer::Panic = answer {
        panic!("as the test wants");
    }
    let mut conn = state.db.get().await?;
    let outcome = conn
        .transaction(async |conn| {
            if inbox::record(conn, &event).await? == Seen::Before {
                return Ok(Outcome::Duplicate);
            }
            if let Answer::Fail(error) = &answer {
                return Err(error.clone());
            }
            if event.aggregate_version > 1
                || newest(conn, number).await?.is_some_and(|known| known > 1)
            {
                let known = newest(conn, number).await?.unwrap_or(0);
                if known >= event.aggregate_version {
                    return Ok(Outcome::Stale);
                }
            }
            insert(conn, number, event.aggregate_version).await?;
            Ok(Outcome::Applied)
        })
        .await?;
    drop(conn);
    if let Answer::HangAfterCommit = answer {
        std::future::pending::<()>().await;
    }
    Ok(outcome)
}

/// The same for many at once.
pub async fn on_audit_batch(
    state: Arc<Applied>,
    events: Vec<Received<AuditRecorded>>,
) -> Result<Vec<Outcome>, ConsumeError> {
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let fresh = inbox::record_all(conn, &events.iter().collect::<Vec<_>>()).await?;
        let mut outcomes = Vec::with_capacity(events.len());
        let mut numbers = Vec::new();
        for event in &events {
            let number: i64 = event.body.entity_id.parse().unwrap();
            if let Answer::Fail(error) = (state.twist)(number, event.attempt) {
                return Err(error);
            }
            let is_fresh = fresh.contains(&event.id);
            outcomes.push(if is_fresh {
                Outcome::Applied
            } else {
                Outcome::Duplicate
            });
            if is_fresh {
                numbers.push(number);
            }
        }
        diesel::sql_query("INSERT INTO effects (number, version) SELECT n, 1 FROM unnest($1) AS n")
            .bind::<diesel::sql_types::Array<diesel::sql_types::BigInt>, _>(numbers)
            .execute(conn)
            .await?;
        Ok(outcomes)
    })
    .await
}

async fn newest(conn: &mut AsyncPgConnection, number: i64) -> QueryResult<Option<i64>> {
    effects::table
        .filter(effects::number.eq(number))
        .select(diesel::dsl::max(effects::version))
        .first(conn)
        .await
}

async fn insert(conn: &mut AsyncPgConnection, number: i64, version: i64) -> QueryResult<usize> {
    diesel::insert_into(effects::table)
        .values((effects::number.eq(number), effects::version.eq(version)))
        .execute(conn)
        .await
}

/// A service that signs for nobody else.
fn service_tokens() -> Arc<ServiceTokens> {
    let files = tempfile::tempdir().unwrap();
    let public = files.path().join("services.json");
    let mut jwk = ed25519_key().jwk();
    jwk.as_object_mut()
        .unwrap()
        .insert("iss".to_owned(), SERVICE.into());
    std::fs::write(&public, json!({ "keys": [jwk] }).to_string()).unwrap();
    let settings = ServiceKeySettings {
        own: ed25519_key().private_der().to_vec(),
        public,
    };
    Arc::new(ServiceTokens::load(SERVICE, &settings, Arc::new(SystemClock)).unwrap())
}
