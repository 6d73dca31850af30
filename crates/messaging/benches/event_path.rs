//! How fast events travel: `cargo bench -p messaging`, also part of `make bench`.
//!
//! PostgreSQL and RabbitMQ are private and durable (fsync on, quorum queues, confirms), on the machine
//! that also runs producer and consumers. Every figure is the median of its rounds; they are printed as one line of JSON.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement that cannot be made has failed, and its figures are its output"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::auth::{ServiceKeySettings, ServiceTokens};
use common::clock::{Clock as _, SystemClock};
use common::database::{Database, DatabaseSettings};
use common::ids;
use common::metrics::Metrics;
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Double, Uuid as SqlUuid};
use diesel_async::{AsyncConnection as _, RunQueryDsl as _, SimpleAsyncConnection as _};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use events::shared::AuditRecorded;
use events::subscriptions::consumers_of;
use messaging::broker::{Broker, Topology};
use messaging::inbox::{self, Seen};
use messaging::{
    AmqpSettings, ConsumeError, Consumers, EventMeta, EventPath, Outcome, Received, outbox,
};
use test_support::tokens::ed25519_key;
use test_support::{PrivatePostgres, TestBroker, TestDb, run_migrations};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");
const SERVICE: &str = "admin";
const BACKLOG: i64 = 100_000;
const ROUNDS: usize = 3;

struct Bench {
    db: Database,
    settings: DatabaseSettings,
    amqp: AmqpSettings,
    _test_db: TestDb,
}

/// How events are applied.
#[derive(Clone, Copy)]
enum Apply {
    Not,
    Singly,
    InBatches,
}

fn main() {
    common::crypto::install_providers();
    let postgres = PrivatePostgres::start_durable();
    let broker = TestBroker::private();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    // Pools look after their connections in the background from the start.
    let _inside = runtime.enter();
    let bench = Bench::new(&postgres, &broker);
    runtime.block_on(bench.measure());
}

impl Bench {
    fn new(postgres: &PrivatePostgres, broker: &TestBroker) -> Self {
        let test_db = TestDb::start_on(postgres, SERVICE, |owner_url| {
            run_migrations(owner_url, MIGRATIONS);
        });
        let settings = DatabaseSettings::new(test_db.url());
        let deployed = vec![SERVICE.to_owned()];
        let amqp = AmqpSettings {
            deployed,
            ..AmqpSettings::bare(broker.url().to_owned(), String::new())
        };
        Self {
            db: Database::connect(&settings),
            settings,
            amqp,
            _test_db: test_db,
        }
    }

    async fn measure(&self) {
        let mut conn = diesel_async::AsyncPgConnection::establish(&self._test_db.owner_url())
            .await
            .unwrap();
        conn.batch_execute(
            "CREATE TABLE effects (event_id uuid NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp());
             SELECT outbox_make_partitions(3)",
        )
        .await
        .unwrap();
        self.declare().await;
        let (mut carried, mut singly, mut batched) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            carried.push(self.carry(BACKLOG).await);
            batched.push(self.drain(Apply::InBatches, BACKLOG).await);
            self.carry(BACKLOG).await;
            singly.push(self.drain(Apply::Singly, BACKLOG).await);
        }
        let lag = self.lag(500, Duration::from_secs(20)).await;
        let figures = serde_json::json!({
            "relay_per_s": median(carried).round(),
            "drained_in_batches_per_s": median(batched).round(),
            "drained_singly_per_s": median(singly).round(),
            "lag_p50_ms": lag.p50,
            "lag_p99_ms": lag.p99,
            "full_inbox_ratio": self.inbox_size().await,
        });
        println!("{figures}");
    }

    /// A million rows that the consumer has applied before.
    async fn inbox_size(&self) -> f64 {
        const EVENTS: i64 = 20_000;
        let mut ratios = Vec::new();
        for _ in 0..ROUNDS {
            self.sql("TRUNCATE inbox").await;
            self.carry(EVENTS).await;
            let empty = self.drain(Apply::Singly, EVENTS).await;
            self.sql(
                "INSERT INTO inbox SELECT 'admin.on_audit_recorded', gen_random_uuid(), now() - interval '1 day'
                 FROM generate_series(1, 1000000)",
            )
            .await;
            self.sql("ANALYZE inbox").await;
            self.carry(EVENTS).await;
            let full = self.drain(Apply::Singly, EVENTS).await;
            ratios.push(full / empty);
        }
        median(ratios)
    }

    async fn declare(&self) {
        let broker = Broker::new(self.amqp.clone());
        let connection = broker.connect("bench").await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let topology = Topology::new(&self.amqp);
        let subscription = consumers_of("audit.recorded")
            .find(|one| one.service == SERVICE)
            .unwrap();
        topology.declare_shared(&channel).await.unwrap();
        topology
            .declare_queues(&channel, &subscription.queue())
            .await
            .unwrap();
        topology.bind_queue(&channel, &subscription).await.unwrap();
    }

    /// Commits events and has the relay carry them; answers how many it carries in a second.
    async fn carry(&self, events: i64) -> f64 {
        self.promise(events).await;
        let rate = self
            .timed(Apply::Not, events, "events_published_total")
            .await;
        let waiting = "SELECT count(*) AS number FROM outbox WHERE published_at IS NULL";
        assert_eq!(self.number(waiting).await, 0);
        rate
    }

    async fn drain(&self, apply: Apply, events: i64) -> f64 {
        self.sql("TRUNCATE effects").await;
        let applied = "events_consumed_total{outcome=\"applied\"";
        let rate = self.timed(apply, events, applied).await;
        let effects = "SELECT count(*) AS number FROM effects";
        assert_eq!(self.number(effects).await, events);
        rate
    }

    /// What the process itself counts tells when it is done: asking the database would be work, too.
    async fn timed(&self, apply: Apply, events: i64, series: &str) -> f64 {
        let shutdown = CancellationToken::new();
        let metrics = Metrics::new(SERVICE).unwrap();
        let path = self.path(apply, &metrics);
        let began = Instant::now();
        let running = tokio::spawn(path.run(shutdown.clone()));
        while counted(&metrics, series) < to_f64(events) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let took = began.elapsed();
        shutdown.cancel();
        running.await.unwrap().unwrap();
        to_f64(events) / took.as_secs_f64()
    }

    fn path(&self, apply: Apply, metrics: &Metrics) -> EventPath {
        let path = EventPath::new(
            SERVICE,
            self.amqp.clone(),
            &self.settings,
            service_tokens(),
            metrics,
        )
        .unwrap();
        let consumers = Consumers::new(SERVICE, Arc::new(self.db.clone()));
        match apply {
            Apply::Not => path,
            Apply::Singly => path.consumers(consumers.on(apply_one)).unwrap(),
            Apply::InBatches => path.consumers(consumers.on_batch(apply_many)).unwrap(),
        }
    }

    async fn promise(&self, events: i64) {
        let mut conn = self.db.get().await.unwrap();
        for _ in 0..events / 1_000 {
            let chunk: Vec<_> = (0..1_000).map(|_| event()).collect();
            outbox::append_all(&mut conn, &chunk).await.unwrap();
        }
    }

    /// Commits at a steady rate, each event by itself, and measures how long each takes to its effect.
    async fn lag(&self, per_second: u32, time: Duration) -> Lag {
        self.sql("TRUNCATE effects").await;
        let shutdown = CancellationToken::new();
        let metrics = Metrics::new(SERVICE).unwrap();
        let running = tokio::spawn(self.path(Apply::Singly, &metrics).run(shutdown.clone()));
        tokio::time::sleep(Duration::from_secs(2)).await;
        let mut tick = tokio::time::interval(Duration::from_secs(1) / per_second);
        let began = Instant::now();
        let mut writers = tokio::task::JoinSet::new();
        let mut promised = 0;
        while began.elapsed() < time {
            tick.tick().await;
            let db = self.db.clone();
            promised += 1;
            writers.spawn(async move {
                let (event, meta) = event();
                outbox::append(&mut db.get().await.unwrap(), &event, &meta)
                    .await
                    .unwrap();
            });
        }
        writers.join_all().await;
        while self.number("SELECT count(*) AS number FROM effects").await < promised {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        shutdown.cancel();
        running.await.unwrap().unwrap();
        let mut conn = self.db.get().await.unwrap();
        diesel::sql_query(
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS p50,
                    percentile_cont(0.99) WITHIN GROUP (ORDER BY ms) AS p99
             FROM (SELECT 1000 * extract(epoch FROM applied_at - created_at)::float8 AS ms
                   FROM effects JOIN outbox ON outbox.id = effects.event_id) AS lags",
        )
        .get_result(&mut conn)
        .await
        .unwrap()
    }

    async fn sql(&self, statement: &str) {
        let mut conn = diesel_async::AsyncPgConnection::establish(&self._test_db.owner_url())
            .await
            .unwrap();
        let unlimited = format!("SET statement_timeout = 0; {statement}");
        conn.batch_execute(&unlimited).await.unwrap();
    }

    async fn number(&self, query: &str) -> i64 {
        let mut conn = self.db.get().await.unwrap();
        diesel::sql_query(query)
            .get_result::<Number>(&mut conn)
            .await
            .unwrap()
            .number
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Lag {
    #[diesel(sql_type = Double)]
    p50: f64,
    #[diesel(sql_type = Double)]
    p99: f64,
}

async fn apply_one(
    db: Arc<Database>,
    event: Received<AuditRecorded>,
) -> Result<Outcome, ConsumeError> {
    let mut conn = db.get().await?;
    conn.transaction(async |conn| {
        if inbox::record(conn, &event).await? == Seen::Before {
            return Ok(Outcome::Duplicate);
        }
        diesel::sql_query("INSERT INTO effects (event_id) VALUES ($1)")
            .bind::<SqlUuid, _>(event.id)
            .execute(conn)
            .await?;
        Ok(Outcome::Applied)
    })
    .await
}

async fn apply_many(
    db: Arc<Database>,
    events: Vec<Received<AuditRecorded>>,
) -> Result<Vec<Outcome>, ConsumeError> {
    let mut conn = db.get().await?;
    conn.transaction(async |conn| {
        let fresh = inbox::record_all(conn, &events.iter().collect::<Vec<_>>()).await?;
        let outcomes = events.iter().map(|event| {
            if fresh.contains(&event.id) {
                Outcome::Applied
            } else {
                Outcome::Duplicate
            }
        });
        let outcomes = outcomes.collect();
        diesel::sql_query("INSERT INTO effects (event_id) SELECT unnest($1)")
            .bind::<Array<SqlUuid>, _>(fresh)
            .execute(conn)
            .await?;
        Ok(outcomes)
    })
    .await
}

/// About 700 bytes in its envelope, as events are.
fn event() -> (AuditRecorded, EventMeta) {
    let now = SystemClock.now();
    let event = AuditRecorded {
        audit_id: ids::new_id(),
        occurred_at: now,
        actor_id: Some(Uuid::nil()),
        actor_role: "customer".to_owned(),
        action: "user.password_changed".to_owned(),
        entity_type: "user".to_owned(),
        entity_id: Uuid::nil().to_string(),
        metadata: r#"{"endedSessions":2,"reason":"password_changed"}"#.to_owned(),
        request_id: Some(Uuid::nil().to_string()),
    };
    let meta = EventMeta {
        id: ids::new_id(),
        service: SERVICE,
        time: now,
        aggregate_version: 1,
        traceparent: None,
    };
    (event, meta)
}

fn service_tokens() -> Arc<ServiceTokens> {
    let files = tempfile::tempdir().unwrap();
    let public = files.path().join("services.json");
    let mut jwk = ed25519_key().jwk();
    jwk.as_object_mut()
        .expect("a JWK")
        .insert("iss".to_owned(), SERVICE.into());
    std::fs::write(&public, serde_json::json!({ "keys": [jwk] }).to_string()).unwrap();
    let settings = ServiceKeySettings {
        own: ed25519_key().private_der().to_vec(),
        public,
    };
    Arc::new(ServiceTokens::load(SERVICE, &settings, Arc::new(SystemClock)).unwrap())
}

/// The sum of the series that begin so.
fn counted(metrics: &Metrics, series: &str) -> f64 {
    let text = String::from_utf8(metrics.render().unwrap()).unwrap();
    let lines = text.lines().filter(|line| line.starts_with(series));
    lines
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures
        .get(figures.len() / 2)
        .copied()
        .expect("at least one round")
}

fn to_f64(count: i64) -> f64 {
    f64::from(u32::try_from(count).expect("a count that fits"))
}
