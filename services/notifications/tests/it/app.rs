//! The service under test, and a client that reads like use.

use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use common::clock::SystemClock;
use common::service::Only;
use common::settings::Reader;
use common::{Clock as _, crypto, ids};
use events::auth::{MailKind, MailRequested};
use messaging::{EventMeta, Outcome, Received};
use notifications::config::Settings;
use notifications::consumers;
use notifications::startup::{AppState, Application, MIGRATIONS};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use test_support::tokens::{Ed25519Key, Token, ed25519_key, rsa_key};
use test_support::{FakeClock, TestDb, run_migrations};
use tokio_postgres::NoTls;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::auth::{Auth, MailAnswer};
use crate::provider::Provider;

pub const ADA: &str = "ada@example.com";
pub const LINK: &str = "https://shop.example/api/v1/auth/password-reset#token=t";
pub const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub const PREVIOUS_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
/// Where no broker is.
const NO_BROKER: &str = "amqp://127.0.0.1:1/%2f";

/// What the service has around it.
pub struct World {
    pub db: TestDb,
    pub auth: Auth,
    pub provider: Provider,
    pub clock: FakeClock,
}

/// A running service with a world of its own.
pub struct TestApp {
    pub world: Arc<World>,
    pub address: SocketAddr,
    pub ops_address: SocketAddr,
    client: Client,
    state: Arc<AppState>,
    runtime: tokio::runtime::Handle,
    shutdown: CancellationToken,
    crash: CancellationToken,
    ended: Option<std::thread::JoinHandle<()>>,
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
        crypto::install_providers();
        let world = options.world.unwrap_or_else(World::new);
        let files = tempfile::tempdir().unwrap();
        let settings = settings(&files, &world, &options.variables);
        let (application, runtime) = build(settings, world.clock.clone());
        let handle = runtime.handle().clone();
        let (address, ops_address) = (
            application.address().unwrap(),
            application.ops_address().unwrap(),
        );
        let (state, shutdown) = (application.state(), application.shutdown_token());
        let crash = CancellationToken::new();
        let crashed = crash.clone();
        let only = options.only.unwrap_or(Only::All);
        let ended = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    ended = application.run_until_stopped(only) => ended.unwrap(),
                    () = crashed.cancelled() => {}
                }
            });
            runtime.shutdown_background();
        });
        let app = Self {
            world,
            address,
            ops_address,
            client: common::client::http_client().unwrap(),
            state,
            runtime: handle,
            shutdown,
            crash,
            ended: Some(ended),
            _files: files,
        };
        app.wait_until_ready().await;
        app
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
    pub fn crash(mut self) -> Arc<World> {
        self.crash.cancel();
        self.ended.take().unwrap().join().unwrap();
        Arc::clone(&self.world)
    }

    /// Ends as on SIGTERM.
    pub fn stop(mut self) -> Arc<World> {
        self.shutdown.cancel();
        self.ended.take().unwrap().join().unwrap();
        Arc::clone(&self.world)
    }

    async fn wait_until_ready(&self) {
        for _ in 0..400 {
            if self.ops("/readyz").await.0 == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!(
            "the service did not get ready: {}",
            self.ops("/readyz").await.1
        );
    }

    /// Status and body of a path on the operations port.
    pub async fn ops(&self, path: &str) -> (u16, String) {
        let url = format!("http://{}{path}", self.ops_address);
        match self.client.get(url).send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                (status, response.text().await.unwrap_or_default())
            }
            Err(_) => (0, String::new()),
        }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.address))
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
        context: Option<common::context::Context>,
    ) -> Outcome {
        let body = MailRequested {
            mail_id: wanted.mail_id,
            user_id: wanted.user_id,
            kind: wanted.kind,
        };
        let meta = meta(event_id, self.world.clock.now());
        let event = Received::first("notifications.on_auth_mail_requested", body, &meta);
        let state = Arc::clone(&self.state);
        let consume = consumers::on_auth_mail_requested::on_auth_mail_requested(state, event);
        let work = async move {
            match context {
                Some(context) => context.scope(consume).await,
                None => consume.await,
            }
        };
        self.runtime.spawn(work).await.unwrap().unwrap()
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

    /// Events promised so far, of one type: their data.
    pub async fn promised(&self, event_type: &str) -> Vec<Value> {
        let sql = format!(
            "SELECT payload FROM notifications.outbox WHERE event_type = '{event_type}' ORDER BY id"
        );
        let rows = self.rows(&sql).await;
        rows.into_iter().map(|row| row["payload"].clone()).collect()
    }

    /// A person's access token.
    pub fn token(&self, role: &str) -> String {
        let now = self.world.clock.now().timestamp();
        Token::new()
            .header("typ", "at+jwt")
            .header("kid", rsa_key().kid())
            .claim("sub", ids::new_id().to_string())
            .claim("sid", ids::new_id().to_string())
            .claim("role", role)
            .claim("mfa", true)
            .claim("iss", "agape")
            .claim("aud", "agape-api")
            .claim("iat", now)
            .claim("nbf", now)
            .claim("exp", now + 900)
            .claim("jti", ids::new_id().to_string())
            .rs256(rsa_key())
    }
}

impl World {
    pub async fn rows(&self, sql: &str) -> Vec<Value> {
        let (client, connection) = tokio_postgres::connect(&self.db.url(), NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        let sql = format!("SELECT to_jsonb(r)::text FROM ({sql}) r");
        let rows = client.query(&sql, &[]).await.unwrap();
        rows.iter()
            .map(|row| serde_json::from_str(row.get(0)).unwrap())
            .collect()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub bytes: Vec<u8>,
}

impl Reply {
    /// The field that the first detail points at.
    pub fn field(&self) -> &str {
        self.body["details"][0]["field"]
            .as_str()
            .unwrap_or_default()
    }

    /// Asserts that it is this error, in the envelope of every error.
    #[track_caller]
    pub fn assert_error(&self, status: u16, code: &str) {
        test_support::http::assert_envelope(self.status, (status, code), &self.body);
    }
}

/// Sends and reads.
pub trait Send {
    async fn reply(self) -> Reply;
}

impl Send for RequestBuilder {
    async fn reply(self) -> Reply {
        let response = self.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap().to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply {
            status,
            headers,
            body,
            bytes,
        }
    }
}

/// The key of the auth service.
static AUTH_KEY: LazyLock<Ed25519Key> = LazyLock::new(Ed25519Key::generate);

/// A service token for this service, from one of the other services that the tests have keys for.
pub fn service_token(issuer: &str) -> String {
    let key = if issuer == "auth" {
        &AUTH_KEY
    } else {
        ed25519_key()
    };
    let now = SystemClock.now().timestamp();
    Token::new()
        .header("typ", "svc+jwt")
        .header("kid", key.kid())
        .claim("iss", issuer)
        .claim("aud", "notifications")
        .claim("iat", now)
        .claim("exp", now + 60)
        .eddsa(key)
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

fn build(settings: Settings, clock: FakeClock) -> (Application, tokio::runtime::Runtime) {
    // A runtime of its own: the test's ends with the test, and must not take the service with it half-way.
    let build = move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let application = {
            let _guard = runtime.enter();
            Application::build(settings, Arc::new(clock)).unwrap()
        };
        (application, runtime)
    };
    std::thread::spawn(build).join().unwrap()
}

fn settings(files: &tempfile::TempDir, world: &World, more: &[(&'static str, String)]) -> Settings {
    let key = |byte: u8| STANDARD.encode([byte; 32]);
    let pii = json!({ "current": "k1", "keys": { "k1": key(1) }, "index": key(2) });
    let own = Ed25519Key::generate();
    let named = |key: &Ed25519Key, issuer: &str| {
        let mut jwk = key.jwk();
        jwk["iss"] = json!(issuer);
        jwk
    };
    let public = json!({ "keys": [
        named(&own, "notifications"),
        named(ed25519_key(), "orders"),
        named(&AUTH_KEY, "auth"),
    ] });
    let path = |name: &str, content: &[u8]| {
        let path = files.path().join(name);
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(content).unwrap();
        file.set_permissions(std::fs::Permissions::from_mode(0o600))
            .unwrap();
        path.to_str().unwrap().to_owned()
    };
    let mut variables = vec![
        ("NOTIFICATIONS__PORT", "0".to_owned()),
        ("NOTIFICATIONS__OPS_PORT", "0".to_owned()),
        ("NOTIFICATIONS__DATABASE__URL", world.db.url()),
        ("NOTIFICATIONS__AMQP__URL", NO_BROKER.to_owned()),
        (
            "NOTIFICATIONS__EVENTS__DEPLOYED",
            "auth,notifications".to_owned(),
        ),
        (
            "NOTIFICATIONS__UPSTREAMS__AUTH__URL",
            world.auth.origin().to_owned(),
        ),
        (
            "NOTIFICATIONS__PII__KEYS_FILE",
            path("pii.json", pii.to_string().as_bytes()),
        ),
        (
            "NOTIFICATIONS__SERVICE_KEY__FILE",
            path("service.key", own.private_der()),
        ),
        (
            "NOTIFICATIONS__SERVICE_KEYS__FILE",
            path("services.json", public.to_string().as_bytes()),
        ),
        (
            "NOTIFICATIONS__LOG_HASH__KEY_FILE",
            path("log.key", key(3).as_bytes()),
        ),
        (
            "NOTIFICATIONS__RESEND__URL",
            world.provider.origin().to_owned(),
        ),
        ("NOTIFICATIONS__RESEND__API_KEY", "re_test_key".to_owned()),
        (
            "NOTIFICATIONS__RESEND__FROM",
            "Agape <no-reply@shop.example>".to_owned(),
        ),
        ("NOTIFICATIONS__RESEND__RATE_PER_SECOND", "1000".to_owned()),
        (
            "NOTIFICATIONS__RESEND__WEBHOOK_SECRET",
            WEBHOOK_SECRET.to_owned(),
        ),
        (
            "NOTIFICATIONS__RESEND__WEBHOOK_SECRET_PREVIOUS",
            PREVIOUS_SECRET.to_owned(),
        ),
    ];
    variables.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    variables.extend(more.iter().cloned());
    let pairs = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()));
    Settings::read(Reader::from_pairs("notifications", pairs)).unwrap()
}
