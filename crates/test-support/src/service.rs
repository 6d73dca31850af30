//! A service under test: run on threads of its own, asked over HTTP, stopped or crashed at will.

mod singly;
use std::future::Future;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::LazyLock;
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::ids;
use reqwest::header::{HeaderMap, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio_postgres::NoTls;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::TestDb;
use crate::stand_in::{Reply as Answer, Request};
use crate::tokens::{Ed25519Key, Token, ed25519_key, rsa_key};

pub use singly::singly;

/// Where no broker is: what a service says is looked for in its outbox, and what it hears is handed to its consumers.
pub const NO_BROKER: &str = "amqp://127.0.0.1:1/%2f";

static AUTH_KEY: LazyLock<Ed25519Key> = LazyLock::new(Ed25519Key::generate);
static OWN_KEY: LazyLock<Ed25519Key> = LazyLock::new(Ed25519Key::generate);

/// How a service that was built is reached and stopped.
#[derive(Debug, Clone)]
pub struct Handles {
    /// Where clients reach it.
    pub address: SocketAddr,
    /// Where operators reach it.
    pub ops_address: SocketAddr,
    /// Stops it as a signal does.
    pub shutdown: CancellationToken,
}

/// A running service; it is told to stop when this is dropped.
pub struct RunningService {
    /// How it is reached.
    pub handles: Handles,
    /// Its own runtime, for calling its consumers.
    pub runtime: tokio::runtime::Handle,
    client: Client,
    crash: CancellationToken,
    ended: Option<JoinHandle<()>>,
}

impl RunningService {
    /// Builds a service in a runtime of its own, which does not end with the test's, runs it there and waits until it is ready.
    ///
    /// # Panics
    /// If it does not get ready.
    pub async fn start<A, F>(
        build: impl FnOnce() -> (A, Handles) + Send + 'static,
        run: impl FnOnce(A) -> F + Send + 'static,
    ) -> Self
    where
        A: Send + 'static,
        F: Future<Output = ()>,
    {
        common::crypto::install_providers();
        let crash = CancellationToken::new();
        let crashed = crash.clone();
        let (built, building) = std::sync::mpsc::channel();
        let ended = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            let (application, handles) = {
                let _inside = runtime.enter();
                build()
            };
            built.send((handles, runtime.handle().clone())).unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = run(application) => {}
                    () = crashed.cancelled() => {}
                }
            });
            runtime.shutdown_background();
        });
        let (handles, runtime) = building.recv().expect("the service is built");
        let running = Self {
            handles,
            runtime,
            client: common::client::http_client().unwrap(),
            crash,
            ended: Some(ended),
        };
        running.wait_until_ready().await;
        running
    }

    async fn wait_until_ready(&self) {
        for _ in 0..800 {
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

    /// Status and body of a path on the operations port; 0 if nobody answers.
    pub async fn ops(&self, path: &str) -> (u16, String) {
        let url = format!("http://{}{path}", self.handles.ops_address);
        match self.client.get(url).send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                (status, response.text().await.unwrap_or_default())
            }
            Err(_) => (0, String::new()),
        }
    }

    /// A request to the service; see [`Ask::reply`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.handles.address);
        self.client.request(method, url)
    }

    /// Ends everything that the process does in the middle, as `kill -9` does.
    ///
    /// # Panics
    /// If the service had panicked.
    pub fn crash(mut self) {
        self.crash.cancel();
        self.join();
    }

    /// Ends it as SIGTERM does.
    ///
    /// # Panics
    /// If the service had panicked.
    pub fn stop(mut self) {
        self.handles.shutdown.cancel();
        self.join();
    }

    fn join(&mut self) {
        if let Some(ended) = self.ended.take() {
            ended.join().expect("the service ends well");
        }
    }
}

impl Drop for RunningService {
    fn drop(&mut self) {
        self.handles.shutdown.cancel();
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; null if it is none.
    pub body: Value,
    /// The body as it came.
    pub bytes: Vec<u8>,
}

impl Reply {
    /// What the envelope of a success holds.
    pub fn data(&self) -> &Value {
        self.body.get("data").unwrap_or(&Value::Null)
    }

    /// The field that the first detail of an error points at.
    pub fn field(&self) -> &str {
        let field = self.body.pointer("/details/0/field");
        field.and_then(Value::as_str).unwrap_or_default()
    }

    /// A header as text; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The value of a cookie that the answer sets.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let prefix = format!("{name}=");
        self.headers.get_all(SET_COOKIE).iter().find_map(|header| {
            let value = header.to_str().ok()?.strip_prefix(&prefix)?;
            Some(value.split(';').next()?.to_owned())
        })
    }

    /// Asserts that it is a success with this status, and answers its data.
    ///
    /// # Panics
    /// If it is not.
    #[track_caller]
    pub fn assert_success(&self, status: u16) -> &Value {
        assert_eq!(self.status, status, "unexpected answer: {}", self.body);
        self.data()
    }

    /// Asserts that it is this error, in the envelope of every error.
    ///
    /// # Panics
    /// If it is not.
    #[track_caller]
    pub fn assert_error(&self, status: u16, code: &str) {
        crate::http::assert_envelope(self.status, (status, code), &self.body);
    }
}

/// Sends a request and reads the whole answer.
#[expect(async_fn_in_trait, reason = "tests await it where they call it")]
pub trait Ask {
    /// The answer.
    async fn reply(self) -> Reply;
}

impl Ask for RequestBuilder {
    async fn reply(self) -> Reply {
        let response = self.send().await.expect("the service answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.expect("a whole body").to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply {
            status,
            headers,
            body,
            bytes,
        }
    }
}

/// The access token of a person, as auth issues it: verified and with a second factor.
pub fn access_token(user_id: Uuid, role: &str, now: chrono::DateTime<chrono::Utc>) -> String {
    access_claims(user_id, role, now).rs256(rsa_key())
}

/// The same with every claim in order and not signed yet, to be spoilt.
pub fn access_claims(user_id: Uuid, role: &str, now: chrono::DateTime<chrono::Utc>) -> Token {
    let now = now.timestamp();
    Token::new()
        .header("typ", "at+jwt")
        .header("kid", rsa_key().kid())
        .claim("sub", user_id.to_string())
        .claim("sid", ids::new_id().to_string())
        .claim("role", role)
        .claim("mfa", true)
        .claim("iss", "agape")
        .claim("aud", "agape-api")
        .claim("iat", now)
        .claim("nbf", now)
        .claim("exp", now + 900)
        .claim("jti", ids::new_id().to_string())
}

/// The token that a service signs for calling `audience`.
pub fn service_token(issuer: &str, audience: &str) -> String {
    let key = if issuer == "auth" {
        &AUTH_KEY
    } else {
        ed25519_key()
    };
    let now = common::Clock::now(&common::clock::SystemClock).timestamp();
    Token::new()
        .header("typ", "svc+jwt")
        .header("kid", key.kid())
        .claim("iss", issuer)
        .claim("aud", audience)
        .claim("iat", now)
        .claim("exp", now + 60)
        .eddsa(key)
}

/// What every service must be told, as `(NAME, value)`. `issuer` is who may sign service tokens beside auth; the files last as
/// long as `files`.
///
/// # Panics
/// If a file cannot be written.
pub fn variables(
    service: &str,
    issuer: &str,
    files: &tempfile::TempDir,
    db: &TestDb,
    auth_origin: &str,
) -> Vec<(String, String)> {
    let named = |key: &Ed25519Key, issuer: &str| {
        let mut jwk = key.jwk();
        if let Some(fields) = jwk.as_object_mut() {
            fields.insert("iss".to_owned(), json!(issuer));
        }
        jwk
    };
    let public = json!({ "keys": [
        named(&OWN_KEY, service), named(ed25519_key(), issuer), named(&AUTH_KEY, "auth"),
    ] });
    let log_key = STANDARD.encode([3; 32]);
    [
        ("PORT", "0".to_owned()),
        ("OPS_PORT", "0".to_owned()),
        ("DATABASE__URL", db.url()),
        ("AMQP__URL", NO_BROKER.to_owned()),
        ("EVENTS__DEPLOYED", format!("auth,{service}")),
        ("UPSTREAMS__AUTH__URL", auth_origin.to_owned()),
        (
            "SERVICE_KEY__FILE",
            secret_file(files, "service.key", OWN_KEY.private_der()),
        ),
        (
            "SERVICE_KEYS__FILE",
            secret_file(files, "services.json", public.to_string().as_bytes()),
        ),
        (
            "LOG_HASH__KEY_FILE",
            secret_file(files, "log.key", log_key.as_bytes()),
        ),
    ]
    .map(|(name, value)| (format!("{}__{name}", service.to_uppercase()), value))
    .to_vec()
}

/// Writes a file that only its owner may read, and answers its path.
///
/// # Panics
/// If it cannot be written.
pub fn secret_file(files: &tempfile::TempDir, name: &str, content: &[u8]) -> String {
    let path = files.path().join(name);
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(content).unwrap();
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
        .unwrap();
    path.to_str().unwrap().to_owned()
}

/// What auth answers to the questions that every service asks it: its keys, revocations (there are none), and what a new queue
/// has missed (nothing). `None` for any other question.
pub fn auth_answer(request: &Request) -> Option<Answer> {
    match request.path.as_str() {
        "/.well-known/jwks.json" => Some(Answer::json(200, &json!({ "keys": [rsa_key().jwk()] }))),
        "/internal/events/replay" => {
            Some(Answer::success(&json!({ "published": 0, "next": null })))
        }
        path if path.starts_with("/internal/revocations") => Some(Answer::success(
            &json!({ "revocations": [], "asOf": "2026-01-13T10:30:00Z", "hasMore": false }),
        )),
        _ => None,
    }
}

/// Rows of a query as JSON, read past the service with the runtime role's connection.
///
/// # Panics
/// If the query is wrong.
pub async fn rows(db: &TestDb, sql: &str) -> Vec<Value> {
    rows_at(&db.url(), sql).await
}

/// The same in the database that `url` leads to.
///
/// # Panics
/// If the query is wrong.
pub async fn rows_at(url: &str, sql: &str) -> Vec<Value> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql = format!("SELECT to_jsonb(r)::text FROM ({sql}) r");
    let rows = client.query(&sql, &[]).await.unwrap();
    rows.iter()
        .map(|row| serde_json::from_str(row.get(0)).unwrap())
        .collect()
}

/// The events of one type that a service promised so far, in their envelopes.
///
/// # Panics
/// If there is no such service.
pub async fn promised(db: &TestDb, service: &str, event_type: &str) -> Vec<Value> {
    let sql = format!(
        "SELECT payload FROM {service}.outbox WHERE event_type = '{event_type}' ORDER BY id"
    );
    let rows = rows(db, &sql).await;
    rows.into_iter()
        .filter_map(|mut row| row.get_mut("payload").map(Value::take))
        .collect()
}
