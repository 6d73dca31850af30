//! The sandbox as the provider, and its customers.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use common::settings::Reader;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use reqwest::{Client, Method};
use sandbox::config::Settings;
use sandbox::server::startup::Application;
use serde_json::{Value, json};
use test_support::FakeClock;
use tokio_util::sync::CancellationToken;

/// The account's secret key.
pub const KEY: &str = "sk_test_sandbox";
/// Customers at a time.
const AT_ONCE: usize = 16;

/// The provider.
pub struct Vendor {
    address: SocketAddr,
    client: Client,
    shutdown: CancellationToken,
}

/// What it says of one payment.
#[derive(Debug, Clone)]
pub struct Sold {
    pub id: u64,
    pub reference: String,
    pub amount: i64,
    pub fees: i64,
}

impl Vendor {
    /// Starts it; by its clock everything happens at one time.
    pub fn start(clock: FakeClock, count: usize) -> Result<Self> {
        let most = (count * 2).to_string();
        let variables = [
            ("SANDBOX__PORT", "0"),
            ("SANDBOX__OPS_PORT", "0"),
            ("SANDBOX__PAYSTACK__WEBHOOK_URL", "off"),
            ("SANDBOX__PAYSTACK__REFUND_STEP_MS", "1"),
            ("SANDBOX__PAYSTACK__TRANSACTIONS_MAX", &most),
        ];
        let settings = Settings::read(Reader::from_pairs("sandbox", variables))?;
        let shutdown = CancellationToken::new();
        let sandbox = Application::build(settings, Arc::new(clock), shutdown.clone())?;
        let address = sandbox.addresses()?.0;
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new()?;
            runtime.block_on(sandbox.run_until_stopped())
        });
        Ok(Self {
            address,
            client: common::client::http_client()?,
            shutdown,
        })
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Has so many customers pay.
    pub async fn sell(&self, count: usize) -> Result<Vec<Sold>> {
        let sales = stream::iter(0..count).map(|number| async move {
            let reference = format!("AGP-{number}-1");
            self.begin(&reference).await?;
            let path = format!("/_sandbox/paystack/{reference}/complete");
            let paid = self.ask(Method::POST, &path, &json!({})).await?;
            let number = |field: &str| paid.get(field).and_then(Value::as_i64).context("no number");
            Ok::<_, anyhow::Error>(Sold {
                id: paid.get("id").and_then(Value::as_u64).context("no id")?,
                amount: number("amount")?,
                fees: number("fees")?,
                reference,
            })
        });
        sales.buffered(AT_ONCE).try_collect().await
    }

    /// Somebody is about to pay.
    pub async fn begin(&self, reference: &str) -> Result<()> {
        let body = json!({ "email": "ada@example.com", "amount": 150_000, "currency": "NGN", "reference": reference });
        self.ask(Method::POST, "/paystack/transaction/initialize", &body)
            .await?;
        Ok(())
    }

    /// Somebody at the desk gives money back; answers the provider's number.
    pub async fn refund(&self, reference: &str, amount: i64) -> Result<u64> {
        let body = json!({ "transaction": reference, "amount": amount });
        let made = self.ask(Method::POST, "/paystack/refund", &body).await?;
        let id = made.pointer("/data/id").and_then(Value::as_u64);
        id.context("no id")
    }

    /// A buyer's bank takes all of it back.
    pub async fn charge_back(&self, reference: &str) -> Result<()> {
        let path = format!("/_sandbox/paystack/{reference}/dispute");
        self.ask(Method::POST, &path, &json!({})).await?;
        self.ask(Method::POST, &format!("{path}/resolve"), &json!({}))
            .await?;
        Ok(())
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        let url = format!("http://{}{path}", self.address);
        let request = self.client.request(method, url).bearer_auth(KEY).json(body);
        let response = request.header("user-agent", "scale").send().await?;
        let status = response.status();
        let answer: Value = response.json().await?;
        ensure!(status.is_success(), "{path}: {status} {answer}");
        Ok(answer)
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
