//! The service under test, and a client that reads like use.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use auth::config::Settings;
use auth::startup::{Application, MIGRATIONS};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::clock::SystemClock;
use common::crypto::Sealer;
use common::database::{Database, DatabaseSettings};
use common::service::Only;
use common::settings::Reader;
use common::{Clock as _, crypto};
use reqwest::header::COOKIE;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use test_support::service;
pub use test_support::service::{Ask, Reply};
use test_support::tokens::{Ed25519Key, Token, ed25519_key, rsa_key};
use test_support::{FakeClock, TestDb, TestRedis, run_migrations};
use tokio_postgres::NoTls;
use tokio_util::sync::CancellationToken;

/// The file key of every test; the signing key in the template database is sealed under it.
const FILE_KEY: [u8; 32] = [7; 32];
pub const PASSWORD: &str = "Sunlit-Harbour-42";

/// A running service with a database of its own.
pub struct TestApp {
    pub address: SocketAddr,
    pub ops_address: SocketAddr,
    pub clock: FakeClock,
    pub db: Option<TestDb>,
    database_url: String,
    client: Client,
    shutdown: CancellationToken,
    _files: tempfile::TempDir,
}

/// What a test may want otherwise.
#[derive(Default)]
pub struct Options {
    pub variables: Vec<(&'static str, String)>,
    pub database_url: Option<String>,
    pub redis_url: Option<String>,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    /// With a limit per account that tests of other things never reach.
    pub async fn start_with(options: Options) -> Self {
        crypto::install_providers();
        let db = options.database_url.is_none().then(test_db);
        let database_url = match (&options.database_url, &db) {
            (Some(url), _) => url.clone(),
            (None, Some(db)) => db.url(),
            (None, None) => unreachable!("one of them is there"),
        };
        let redis_url = options
            .redis_url
            .clone()
            .unwrap_or_else(|| TestRedis::shared().url().to_owned());
        let files = tempfile::tempdir().unwrap();
        let settings = settings(&files, &database_url, &redis_url, &options.variables);
        let clock = FakeClock::at_real_time();
        let (application, runtime) = build(settings, clock.clone());
        let app = Self {
            address: application.chassis().address().unwrap(),
            ops_address: application.chassis().ops_address().unwrap(),
            clock,
            db,
            database_url,
            client: patient_client(),
            shutdown: application.chassis().shutdown_token(),
            _files: files,
        };
        std::thread::spawn(move || runtime.block_on(application.run_until_stopped(Only::All)));
        app.wait_until_ready().await;
        app
    }

    async fn wait_until_ready(&self) {
        for _ in 0..400 {
            if self.readiness().await == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the service did not get ready");
    }

    /// Status of `/readyz`.
    pub async fn readiness(&self) -> u16 {
        self.ops("/readyz").await
    }

    /// Status of a path on the operations port; 0 when nothing answers.
    pub async fn ops(&self, path: &str) -> u16 {
        let url = format!("http://{}{path}", self.ops_address);
        self.client
            .get(url)
            .send()
            .await
            .map_or(0, |response| response.status().as_u16())
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.address))
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// Opens an account.
    pub async fn register(&self, email: &str) -> Person {
        let body = json!({ "email": email, "password": PASSWORD, "name": "Ada Obi" });
        let reply = self.post("/api/v1/auth/register").json(&body).reply().await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        Person::of(&reply)
    }

    /// Logs in from a browser that is not known.
    pub async fn login(&self, email: &str, password: &str) -> Reply {
        self.login_request(email, password).reply().await
    }

    pub fn login_request(&self, email: &str, password: &str) -> RequestBuilder {
        let body = json!({ "email": email, "password": password });
        self.post("/api/v1/auth/login").json(&body)
    }

    /// Presents a refresh token as the browser's cookie.
    pub async fn refresh(&self, token: &str) -> Reply {
        self.refresh_request(token).reply().await
    }

    pub fn refresh_request(&self, token: &str) -> RequestBuilder {
        self.post("/api/v1/auth/refresh")
            .header(COOKIE, format!("refresh_token={token}"))
    }

    /// Status of `GET /auth/me` with an access token.
    pub async fn me(&self, access: &str) -> u16 {
        self.get("/api/v1/auth/me")
            .bearer_auth(access)
            .reply()
            .await
            .status
    }

    /// Rows of a query as JSON, read past the service.
    pub async fn rows(&self, sql: &str) -> Vec<Value> {
        service::rows_at(&self.database_url, sql).await
    }

    /// Runs a statement past the service.
    pub async fn execute(&self, sql: &str) {
        let (client, connection) = tokio_postgres::connect(&self.database_url, NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
    }

    /// The first column of the only row of a query.
    pub async fn value(&self, sql: &str) -> Value {
        let rows = self.rows(&format!("SELECT q.v FROM ({sql}) q(v)")).await;
        assert_eq!(rows.len(), 1, "{sql}");
        rows[0]["v"].clone()
    }

    /// Events promised so far: their types, oldest first, without `audit.recorded`.
    pub async fn promised(&self) -> Vec<String> {
        let sql = "SELECT event_type AS t FROM auth.outbox WHERE event_type <> 'audit.recorded' ORDER BY id";
        self.rows(sql)
            .await
            .iter()
            .map(|row| row["t"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Kinds of mail asked for so far.
    pub async fn mails(&self) -> Vec<String> {
        let rows = self
            .rows("SELECT kind FROM auth.mail_requests ORDER BY id")
            .await;
        rows.iter()
            .map(|row| row["kind"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Actions in the audit trail so far.
    pub async fn audited(&self) -> Vec<String> {
        let rows = self
            .rows("SELECT action FROM auth.audit_events ORDER BY id")
            .await;
        rows.iter()
            .map(|row| row["action"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Somebody with an account and a browser.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: String,
    pub access: String,
    pub refresh: String,
    /// Value of the `known_device` cookie.
    pub device: String,
}

impl Person {
    pub fn of(reply: &Reply) -> Self {
        Self {
            id: reply.body["data"]["user"]["id"]
                .as_str()
                .unwrap()
                .to_owned(),
            access: reply.access(),
            refresh: reply.cookie("refresh_token").unwrap(),
            device: reply.cookie("known_device").unwrap_or_default(),
        }
    }
}

/// The answer to whoever signs in.
pub trait SignedIn {
    fn access(&self) -> String;
}

impl SignedIn for Reply {
    fn access(&self) -> String {
        let token = self.data()["accessToken"].as_str();
        token.unwrap().to_owned()
    }
}

/// A token as the service itself would sign it, to be spoilt: its key is published as a retired one.
pub fn forged_for(person: &Person, now: i64) -> Token {
    Token::new()
        .header("typ", "at+jwt")
        .header("kid", rsa_key().kid())
        .claim("sub", person.id.clone())
        .claim("sid", "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")
        .claim("role", "customer")
        .claim("mfa", false)
        .claim("iss", "agape")
        .claim("aud", "agape-api")
        .claim("iat", now)
        .claim("nbf", now)
        .claim("exp", now + 900)
        .claim("jti", "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e60")
}

/// The key of the notifications service.
static NOTIFICATIONS: LazyLock<Ed25519Key> = LazyLock::new(Ed25519Key::generate);

/// A service token for auth, from one of the other services that the tests have keys for.
pub fn service_token(issuer: &str) -> String {
    let key = if issuer == "notifications" {
        &NOTIFICATIONS
    } else {
        ed25519_key()
    };
    let now = SystemClock.now().timestamp();
    Token::new()
        .header("typ", "svc+jwt")
        .header("kid", key.kid())
        .claim("iss", issuer)
        .claim("aud", "auth")
        .claim("iat", now)
        .claim("exp", now + 60)
        .eddsa(key)
}

pub fn test_db() -> TestDb {
    TestDb::start("auth", prepare)
}

/// Migrates, and makes the keys that every test starts with.
pub fn prepare(owner_url: &str) {
    run_migrations(owner_url, MIGRATIONS);
    crypto::install_providers();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let pairs = [("AUTH__DATABASE__URL", owner_url)];
        let db = Database::connect(&DatabaseSettings::read(&mut Reader::from_pairs("auth", pairs)));
        let sealer = Sealer::with_key("file", &FILE_KEY).unwrap();
        auth::keys::ensure(&db, &sealer, SystemClock.now()).await.unwrap();
        let (client, connection) = tokio_postgres::connect(owner_url, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        let sql = "INSERT INTO auth.signing_keys \
                   (kid, private_key_ct, public_jwk, state, created_at, promote_at, retire_at) \
                   VALUES ($1, '\\x00', $2::text::jsonb, 'retired', now(), now(), now() + interval '1 year')";
        let jwk = rsa_key().jwk().to_string();
        client.execute(sql, &[&rsa_key().kid(), &jwk]).await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
    });
}

#[expect(
    clippy::disallowed_methods,
    reason = "a hundred logins at once on two cores take longer than a service waits for another"
)]
fn patient_client() -> Client {
    Client::builder()
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap()
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

pub fn settings(
    files: &tempfile::TempDir,
    database_url: &str,
    redis_url: &str,
    more: &[(&'static str, String)],
) -> Settings {
    let key = |byte: u8| STANDARD.encode([byte; 32]);
    let pii = json!({ "current": "k1", "keys": { "k1": key(1) }, "index": key(2) });
    let own = Ed25519Key::generate();
    let named = |key: &Ed25519Key, issuer: &str| {
        let mut jwk = key.jwk();
        jwk["iss"] = json!(issuer);
        jwk
    };
    let public = json!({ "keys": [
        named(&own, "auth"),
        named(ed25519_key(), "orders"),
        named(&NOTIFICATIONS, "notifications"),
    ] });
    let path = |name: &str, content: &[u8]| service::secret_file(files, name, content);
    let mut variables = vec![
        ("AUTH__PORT", "0".to_owned()),
        ("AUTH__OPS_PORT", "0".to_owned()),
        ("AUTH__DATABASE__URL", database_url.to_owned()),
        ("AUTH__REDIS__URL", redis_url.to_owned()),
        // Nobody answers there: requests must not notice that the broker is away.
        ("AUTH__AMQP__URL", service::NO_BROKER.to_owned()),
        ("AUTH__EVENTS__DEPLOYED", "auth".to_owned()),
        (
            "AUTH__FILE_KEY__FILE",
            path("file.key", STANDARD.encode(FILE_KEY).as_bytes()),
        ),
        (
            "AUTH__PII__KEYS_FILE",
            path("pii.json", pii.to_string().as_bytes()),
        ),
        (
            "AUTH__SERVICE_KEY__FILE",
            path("service.key", own.private_der()),
        ),
        (
            "AUTH__SERVICE_KEYS__FILE",
            path("services.json", public.to_string().as_bytes()),
        ),
        (
            "AUTH__LOG_HASH__KEY_FILE",
            path("log.key", key(3).as_bytes()),
        ),
        ("AUTH__ORIGINS", "https://shop.example".to_owned()),
        ("AUTH__RATE_LIMIT__ACCOUNT", "100000".to_owned()),
        // Tests share two cores, and nearly all of them hash.
        ("AUTH__HASHING__WAIT_MS", "60000".to_owned()),
    ];
    variables.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    variables.extend(more.iter().cloned());
    let pairs = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()));
    Settings::read(Reader::from_pairs("auth", pairs)).unwrap()
}

/// Makes the next signing key, as the command does.
pub async fn rotate_keys(app: &TestApp) -> anyhow::Result<chrono::DateTime<chrono::Utc>> {
    let pairs = [("AUTH__DATABASE__URL", app.database_url.as_str())];
    let db = Database::connect(&DatabaseSettings::read(&mut Reader::from_pairs(
        "auth", pairs,
    )));
    let sealer = Sealer::with_key("file", &FILE_KEY)?;
    auth::keys::rotate(&db, &sealer, app.clock.now()).await
}
