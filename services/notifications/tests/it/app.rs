//! The service under test, and a client that reads like use.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use common::context::TraceParent;
use common::service::Only;
use common::settings::Reader;
use common::{Clock as _, ids};
use events::Event;
use events::auth::{MailKind, MailRequested};
use messaging::{ConsumeError, EventMeta, Outcome, Received};
use notifications::config::Settings;
use notifications::consumers;
use notifications::startup::{AppState, Application, MIGRATIONS};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use test_support::service::{self, Handles, RunningService};
use test_support::{FakeClock, TestDb, run_migrations};
use uuid::Uuid;

use crate::auth::{Auth, MailAnswer};
use crate::orders::Orders;
use crate::provider::Provider;

pub const ADA: &str = "ada@example.com";
pub const LINK: &str = "https://shop.example/api/v1/auth/password-reset#token=t";
pub const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub const PREVIOUS_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// What the service has around it.
pub struct World {
    pub db: TestDb,
    pub auth: Auth,
    pub orders: Orders,
    pub provider: Provider,
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
    pub only: Option<Only>,
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

/// A mail that was asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub mail_id: Uuid,
    pub user_id: Uuid,
    pub kind: MailKind,
}

impl World {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            db: TestDb::start("notifications", prepare),
            auth: Auth::start(),
            orders: Orders::start(),
            provider: Provider::start(),
            clock: FakeClock::at_real_time(),
        })
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
        let (clock, only) = (world.clock.clone(), options.only.unwrap_or_default());
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
            move |application| async move { application.run_until_stopped(only).await.unwrap() },
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

    /// Has auth ask for a mail to Ada that says what auth says by default.
    pub async fn want(&self, kind: MailKind) -> Wanted {
        self.want_with(kind, |_| {}).await
    }

    /// The same with something else in it.
    pub async fn want_with(&self, kind: MailKind, change: impl FnOnce(&mut Value)) -> Wanted {
        let wanted = self.expect(kind, change);
        assert_eq!(self.hear(&wanted).await, Outcome::Applied);
        wanted
    }

    /// Prepares auth's answer without asking for the mail.
    pub fn expect(&self, kind: MailKind, change: impl FnOnce(&mut Value)) -> Wanted {
        let wanted = Wanted {
            mail_id: ids::new_id(),
            user_id: ids::new_id(),
            kind,
        };
        self.say_due(&wanted, change);
        wanted
    }

    /// Has auth answer that the mail is due.
    pub fn say_due(&self, wanted: &Wanted, change: impl FnOnce(&mut Value)) {
        let mut mail = json!({
            "mailId": wanted.mail_id, "userId": wanted.user_id, "kind": wanted.kind.as_str(), "to": ADA,
            "name": "Ada Obi", "locale": null, "link": null, "linkExpiresAt": null, "facts": {},
            "consent": { "marketing": false },
        });
        if matches!(wanted.kind, MailKind::VerifyEmail | MailKind::PasswordReset) {
            mail["link"] = json!(LINK);
            let until = self.world.clock.now() + TimeDelta::hours(24);
            mail["linkExpiresAt"] = json!(until.to_rfc3339());
        }
        change(&mut mail);
        self.world
            .auth
            .say(&wanted.mail_id.to_string(), MailAnswer::Due(mail));
    }

    /// Delivers the event, under a new id each time.
    pub async fn hear(&self, wanted: &Wanted) -> Outcome {
        self.hear_as(wanted, ids::new_id(), None).await
    }

    pub async fn hear_as(
        &self,
        wanted: &Wanted,
        event_id: Uuid,
        trace: Option<TraceParent>,
    ) -> Outcome {
        let body = MailRequested {
            mail_id: wanted.mail_id,
            user_id: wanted.user_id,
            kind: wanted.kind,
        };
        let meta = EventMeta {
            traceparent: trace.map(|trace| trace.header()),
            ..meta(event_id, self.world.clock.now())
        };
        let event = Received::first("notifications.on_auth_mail_requested", body, &meta);
        let state = Arc::clone(&self.state);
        let consume = consumers::on_auth_mail_requested::on_auth_mail_requested(state, event);
        self.runtime.spawn(consume).await.unwrap().unwrap()
    }

    /// Delivers an event to a consumer of the service.
    pub async fn deliver<E, F>(
        &self,
        consume: impl FnOnce(Arc<AppState>, Received<E>) -> F,
        event_id: Uuid,
        body: E,
    ) -> Outcome
    where
        E: Event,
        F: Future<Output = Result<Outcome, ConsumeError>> + Send + 'static,
    {
        let queue = format!("notifications.on_{}", E::TYPE.replace('.', "_"));
        let meta = meta(event_id, self.world.clock.now());
        let event = Received::first(&queue, body, &meta);
        let consumed = consume(Arc::clone(&self.state), event);
        self.runtime.spawn(consumed).await.unwrap().unwrap()
    }

    /// Delivers `privacy.erase_requested`.
    pub async fn hear_erase(&self, user_id: Uuid, request_id: Uuid, event_id: Uuid) -> Outcome {
        let body = events::auth::EraseRequested {
            request_id,
            user_id,
        };
        let meta = meta(event_id, self.world.clock.now());
        let event = Received::first("notifications.on_privacy_erase_requested", body, &meta);
        let state = Arc::clone(&self.state);
        let consume =
            consumers::on_privacy_erase_requested::on_privacy_erase_requested(state, event);
        self.runtime.spawn(consume).await.unwrap().unwrap()
    }

    /// The row of a mail.
    pub async fn message(&self, wanted: &Wanted) -> Value {
        let sql = format!(
            "SELECT * FROM notifications.messages WHERE source_id = '{}' ORDER BY id LIMIT 1",
            wanted.mail_id
        );
        self.rows(&sql).await.pop().unwrap()
    }

    /// Waits until the mail's row satisfies a condition, and answers it.
    pub async fn until(&self, wanted: &Wanted, what: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..800 {
            let row = self.message(wanted).await;
            if what(&row) {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("it did not happen: {:#}", self.message(wanted).await);
    }

    /// Waits until the mail has this status, and answers the row.
    pub async fn until_status(&self, wanted: &Wanted, status: &str) -> Value {
        self.until(wanted, |row| row["status"] == status).await
    }

    /// Waits until the provider was asked so often.
    pub async fn until_requests(&self, count: usize) {
        for _ in 0..800 {
            if self.world.provider.requests().len() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{} requests", self.world.provider.requests().len());
    }

    /// Lets so much time pass for the service's clock.
    pub fn pass(&self, time: TimeDelta) {
        self.world.clock.advance(time);
    }

    /// Rows of a query as JSON, read past the service.
    pub async fn rows(&self, sql: &str) -> Vec<Value> {
        self.world.rows(sql).await
    }

    /// Events promised so far, of one type.
    pub async fn promised(&self, event_type: &str) -> Vec<Value> {
        service::promised(&self.world.db, "notifications", event_type).await
    }

    /// A person's access token.
    pub fn token(&self, role: &str) -> String {
        service::access_token(ids::new_id(), role, self.world.clock.now())
    }
}

impl World {
    pub async fn rows(&self, sql: &str) -> Vec<Value> {
        service::rows(&self.db, sql).await
    }
}

/// A service token for this service.
pub fn service_token(issuer: &str) -> String {
    service::service_token(issuer, "notifications")
}

pub fn prepare(owner_url: &str) {
    run_migrations(owner_url, MIGRATIONS);
}

fn meta(id: Uuid, time: chrono::DateTime<chrono::Utc>) -> EventMeta {
    EventMeta {
        id,
        service: "auth",
        time,
        aggregate_version: 1,
        traceparent: None,
    }
}

fn settings(files: &tempfile::TempDir, world: &World, more: &[(&'static str, String)]) -> Settings {
    let key = |byte: u8| STANDARD.encode([byte; 32]);
    let pii = json!({ "current": "k1", "keys": { "k1": key(1) }, "index": key(2) });
    let pii = service::secret_file(files, "pii.json", pii.to_string().as_bytes());
    let mut variables = service::variables(
        "notifications",
        "payments",
        files,
        &world.db,
        world.auth.origin(),
    );
    let own = [
        ("UPSTREAMS__ORDERS__URL", world.orders.origin()),
        ("PII__KEYS_FILE", pii.as_str()),
        ("RESEND__URL", world.provider.origin()),
        ("RESEND__API_KEY", "re_test_key"),
        ("RESEND__FROM", "Agape <no-reply@shop.example>"),
        ("RESEND__RATE_PER_SECOND", "1000"),
        ("RESEND__WEBHOOK_SECRET", WEBHOOK_SECRET),
        ("RESEND__WEBHOOK_SECRET_PREVIOUS", PREVIOUS_SECRET),
    ];
    variables.extend(own.map(|(name, value)| (format!("NOTIFICATIONS__{name}"), value.to_owned())));
    variables.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    variables.extend(
        more.iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone())),
    );
    let pairs = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    Settings::read(Reader::from_pairs("notifications", pairs)).unwrap()
}
