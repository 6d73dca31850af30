//! What programs that buy for a measurement share: who comes and when, and the requests of somebody who buys.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use common::ids;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

/// How soon a shopper looks whether the order is paid; then after twice as long each time.
pub const LOOK_FIRST: Duration = Duration::from_millis(50);
/// But at least so often.
pub const LOOK_EVERY: Duration = Duration::from_millis(400);

/// How many come.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// So many at a time.
    Closed(usize),
    /// One each so often.
    Open(Duration),
}

impl Pace {
    /// Reads `closed:<at a time>` or `open:<per second>`.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(match text.split_once(':') {
            Some(("closed", number)) => Self::Closed(number.parse()?),
            Some(("open", rate)) => Self::Open(Duration::from_secs_f64(1.0 / rate.parse::<f64>()?)),
            _ => bail!("closed:<at a time> or open:<per second>"),
        })
    }

    /// How many can be there at once; where they come at a fixed rate, as many as given.
    pub fn at_a_time(self, open: usize) -> usize {
        match self {
            Self::Closed(at_a_time) => at_a_time,
            Self::Open(_) => open,
        }
    }

    /// When one comes.
    pub fn due(self, start: Instant, number: usize) -> Instant {
        match self {
            Self::Closed(_) => Instant::now().max(start),
            Self::Open(each) => start + each * u32::try_from(number).unwrap_or(u32::MAX),
        }
    }
}

/// The shop, its sandbox, and who buys what there.
pub struct Storefront {
    gateway: String,
    sandbox: String,
    tokens: Vec<String>,
    items: Vec<Value>,
    client: Client,
}

impl Storefront {
    /// Takes buyers and what they buy from files, one token and one order line in each line.
    pub fn open(gateway: &str, sandbox: &str, tokens: &str, items: &str) -> Result<Self> {
        let lines = |path: &str| std::fs::read_to_string(path).context(path.to_owned());
        let items = lines(items)?;
        let items = items.lines().map(serde_json::from_str);
        Ok(Self {
            gateway: gateway.to_owned(),
            sandbox: sandbox.to_owned(),
            tokens: lines(tokens)?.lines().map(str::to_owned).collect(),
            items: items.collect::<Result<_, _>>()?,
            client: common::client::http_client()?,
        })
    }

    /// Whose turn it is, and what they buy.
    pub fn turn(&self, turn: usize) -> Result<(&str, &Value)> {
        let token = self.tokens.get(turn % self.tokens.len().max(1));
        let item = self.items.get(turn % self.items.len().max(1));
        Ok((token.context("no tokens")?, item.context("no items")?))
    }

    /// Orders one item.
    pub fn place_order(&self, token: &str, item: &Value) -> RequestBuilder {
        let body = json!({ "items": [item], "shippingAddress": {
            "fullName": "Load Shopper", "phone": "+2348012345678", "addressLine1": "12 Allen Avenue",
            "city": "Ikeja", "state": "Lagos", "country": "NG",
        } });
        self.post(token, "/orders", &body)
    }

    /// Begins to pay for an order.
    pub fn initialize(&self, token: &str, order: &str) -> RequestBuilder {
        self.post(token, "/payments/initialize", &json!({ "orderId": order }))
    }

    /// Pays, as the vendor's customer.
    pub fn complete(&self, reference: &str) -> RequestBuilder {
        let url = format!("{}/_sandbox/paystack/{reference}/complete", self.sandbox);
        let paying = json!({ "channel": "card", "outcome": "success" });
        self.client.post(url).json(&paying)
    }

    /// Looks at an order.
    pub fn get_order(&self, token: &str, order: &str) -> RequestBuilder {
        self.request(Method::GET, token, &format!("/orders/{order}"))
    }

    /// Asks something of the API that needs no body.
    pub fn request(&self, method: Method, token: &str, path: &str) -> RequestBuilder {
        self.client
            .request(method, self.url(path))
            .bearer_auth(token)
    }

    /// Writes something, with a key of its own; who repeats it repeats the key.
    pub fn post(&self, token: &str, path: &str, body: &Value) -> RequestBuilder {
        let request = self.client.post(self.url(path));
        let request = request.header("idempotency-key", ids::new_id().to_string());
        request.bearer_auth(token).json(body)
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.gateway)
    }
}

/// Sends a request and reads the whole answer.
pub async fn send(request: RequestBuilder) -> Result<(StatusCode, Value)> {
    let response = request.send().await.map_err(reqwest::Error::without_url)?;
    let status = response.status();
    let bytes = response
        .bytes()
        .await
        .map_err(reqwest::Error::without_url)?;
    let answer = serde_json::from_slice(&bytes);
    Ok((
        status,
        answer.with_context(|| format!("{status} without JSON"))?,
    ))
}

/// A text in an answer.
pub fn text<'a>(answer: &'a Value, pointer: &str) -> Result<&'a str> {
    let text = answer.pointer(pointer).and_then(Value::as_str);
    text.with_context(|| format!("no {pointer} in {answer}"))
}
