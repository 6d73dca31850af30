//! A gateway of one's own for a test.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::clock::{Clock as _, SystemClock};
use common::settings::Reader;
use gateway::config::Settings;
use gateway::startup::Application;
use serde_json::{Value, json};
use test_support::TestRedis;
use test_support::http::{RawResponse, send_raw};
use test_support::service;
use test_support::tokens::{Token, ed25519_key, rsa_key};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::services::Services;

/// A running gateway, what is behind it, and a client.
pub struct TestGateway {
    pub address: SocketAddr,
    pub ops: SocketAddr,
    pub services: Services,
    pub client: reqwest::Client,
    pub shutdown: CancellationToken,
    pub stopped: Option<std::thread::JoinHandle<()>>,
    _home: tempfile::TempDir,
}

/// What a test changes about its gateway.
#[derive(Default)]
pub struct Options {
    pub variables: Vec<(&'static str, String)>,
    pub redis: Option<String>,
}

impl Options {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers write numbers and texts alike"
    )]
    pub fn set(mut self, name: &'static str, value: impl ToString) -> Self {
        self.variables.push((name, value.to_string()));
        self
    }

    pub fn redis(mut self, url: &str) -> Self {
        self.redis = Some(url.to_owned());
        self
    }

    /// Starts the gateway and waits until it is ready.
    pub async fn start(self) -> TestGateway {
        TestGateway::start_with(self).await
    }
}

impl TestGateway {
    /// A gateway with generous limits, in front of auth and catalog.
    pub async fn start() -> Self {
        Options::default().start().await
    }

    async fn start_with(options: Options) -> Self {
        common::crypto::install_providers();
        let services = Services::start();
        let home = tempfile::tempdir().unwrap();
        let settings = settings(&services, home.path(), &options);
        let application = Application::build(settings).unwrap();
        let (address, ops) = application.addresses().unwrap();
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let stopped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .unwrap();
            runtime
                .block_on(application.run_until_stopped(stop))
                .unwrap();
        });
        let client = patient_client();
        let gateway = Self {
            address,
            ops,
            services,
            client,
            shutdown,
            stopped: Some(stopped),
            _home: home,
        };
        gateway.wait_until_ready().await;
        gateway
    }

    async fn wait_until_ready(&self) {
        let url = format!("http://{}/readyz", self.ops);
        for _ in 0..500 {
            let answer = self.client.get(&url).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the gateway does not get ready");
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.get(self.url(path))
    }

    pub fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.post(self.url(path))
    }

    /// Sends bytes as they are.
    pub async fn raw(&self, request: impl AsRef<[u8]>) -> RawResponse {
        send_raw(self.address, request.as_ref()).await
    }
}

impl Drop for TestGateway {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// A client that waits longer than the gateway may take.
#[expect(
    clippy::disallowed_methods,
    reason = "the usual client gives up before the gateway does"
)]
fn patient_client() -> reqwest::Client {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none());
    client.build().unwrap()
}

/// A good access token for a new customer.
pub fn customer_token() -> String {
    claims(Uuid::from_u128(rand_id()), "customer").rs256(rsa_key())
}

/// A token with every claim in order, to be spoilt.
pub fn claims(user: Uuid, role: &str) -> Token {
    service::access_claims(user, role, SystemClock.now())
}

/// Some number that was not used before.
pub fn rand_id() -> u128 {
    common::ids::new_id().as_u128()
}

/// The JSON of an answer.
pub async fn json(answer: reqwest::Response) -> Value {
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

fn settings(services: &Services, home: &Path, options: &Options) -> Settings {
    let secret = |name: &str, content: &[u8]| write_secret(home, name, content);
    let mut public = ed25519_key().jwk();
    public["iss"] = json!("gateway");
    let redis = options
        .redis
        .clone()
        .unwrap_or_else(|| TestRedis::shared().url().to_owned());
    let mut variables: Vec<(&str, String)> = vec![
        ("GATEWAY__PORT", "0".into()),
        ("GATEWAY__OPS_PORT", "0".into()),
        ("GATEWAY__REDIS__URL", redis),
        // Nobody answers there: the gateway must not notice that the broker is away.
        (
            "GATEWAY__AMQP__URL",
            "amqp://guest:guest@127.0.0.1:1/%2f".to_owned(),
        ),
        ("GATEWAY__UPSTREAMS__AUTH__URL", services.url()),
        ("GATEWAY__UPSTREAMS__AUTH__OPS_URL", services.url()),
        ("GATEWAY__UPSTREAMS__CATALOG__URL", services.url()),
        ("GATEWAY__UPSTREAMS__CATALOG__OPS_URL", services.url()),
        ("GATEWAY__UPSTREAMS__PAYMENTS__URL", services.url()),
        ("GATEWAY__UPSTREAMS__PAYMENTS__OPS_URL", services.url()),
        (
            "GATEWAY__CORS__ORIGINS",
            "https://shop.example,http://localhost:5173".into(),
        ),
        (
            "GATEWAY__SERVICE_KEY__FILE",
            secret("key.der", ed25519_key().private_der()),
        ),
        (
            "GATEWAY__SERVICE_KEYS__FILE",
            secret(
                "keys.json",
                json!({ "keys": [public] }).to_string().as_bytes(),
            ),
        ),
        (
            "GATEWAY__LOG_HASH__KEY_FILE",
            secret("hash.key", STANDARD.encode([7_u8; 32]).as_bytes()),
        ),
        // Tests share one address; those about limits set their own.
        ("GATEWAY__RATE_LIMIT__PUBLIC", "1000000".into()),
        ("GATEWAY__RATE_LIMIT__AUTH", "1000000".into()),
        ("GATEWAY__TOKENS__POLL_MS", "200".into()),
        // A machine busy with other tests must not make the count fall back to the process.
        ("GATEWAY__REDIS__DEADLINE_MS", "3000".into()),
    ];
    for (name, value) in &options.variables {
        variables.retain(|(known, _)| known != name);
        variables.push((name, value.clone()));
    }
    let pairs = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()));
    Settings::read(Reader::from_pairs("gateway", pairs)).unwrap()
}

fn write_secret(home: &Path, name: &str, content: &[u8]) -> String {
    let path: PathBuf = home.join(name);
    std::fs::write(&path, content).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}
