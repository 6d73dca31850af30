//! Asking over HTTP, and telling each exchange in a line.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use common::context::TraceParent;
use reqwest::header::LOCATION;
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::output::say;

/// A client with a token, once it has one, whose requests belong to one trace.
pub(super) struct Exchanger {
    client: reqwest::Client,
    token: Option<String>,
    trace: TraceParent,
}

/// What was answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) bytes: Vec<u8>,
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

impl Answer {
    /// What the envelope of a success holds.
    pub(super) fn data(&self) -> Result<Value> {
        self.read()
    }

    /// The same as what it is known to be.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T> {
        let body: Envelope<T> =
            serde_json::from_slice(&self.bytes).context("the answer is not what was expected")?;
        Ok(body.data)
    }
}

impl Exchanger {
    /// A client of nobody yet.
    pub(super) fn new() -> Result<Self> {
        common::crypto::install_providers();
        Ok(Self {
            client: common::client::provider_client()?,
            token: None,
            trace: TraceParent::random(true),
        })
    }

    /// From now on with this token.
    pub(super) fn sign_in(&mut self, token: String) {
        self.token = Some(token);
    }

    /// What finds these requests in logs and traces.
    pub(super) fn trace_id(&self) -> String {
        self.trace.trace_id_hex()
    }

    /// Reads.
    pub(super) async fn get(&self, url: &str) -> Result<Answer> {
        self.exchange(Method::GET, url, |request| request).await
    }

    /// Reads without a word about it, for waiting.
    pub(super) async fn look(&self, url: &str) -> Result<Answer> {
        answer_of(self.signed(self.client.get(url))).await
    }

    /// Sends JSON; `key` makes it safe to repeat.
    pub(super) async fn post(&self, url: &str, body: &Value, key: Option<&str>) -> Result<Answer> {
        let answer = self
            .exchange(Method::POST, url, |request| {
                let request = request.json(body);
                match key {
                    Some(key) => request.header("Idempotency-Key", key),
                    None => request,
                }
            })
            .await?;
        let text = String::from_utf8_lossy(&answer.bytes);
        ensure!(
            (200..300).contains(&answer.status),
            "{url} answered {}: {text}",
            answer.status
        );
        Ok(answer)
    }

    /// Sends a page's form.
    pub(super) async fn submit(&self, url: &str, form: &[(&str, &str)]) -> Result<Answer> {
        self.exchange(Method::POST, url, |request| request.form(form))
            .await
    }

    async fn exchange(
        &self,
        method: Method,
        url: &str,
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer> {
        let begun = Instant::now();
        let request = self.signed(self.client.request(method.clone(), url));
        let answer = answer_of(with(request)).await?;
        say(format_args!(
            "  {:<4} {url}\n       {} in {} ms{}",
            method.as_str(),
            answer.status,
            begun.elapsed().as_millis(),
            answer
                .location
                .as_ref()
                .map(|to| format!(", to {to}"))
                .unwrap_or_default(),
        ));
        Ok(answer)
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.header("traceparent", self.trace.header());
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

async fn answer_of(request: RequestBuilder) -> Result<Answer> {
    let response = request.send().await.context("nobody answers")?;
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|to| to.to_str().ok()).map(str::to_owned);
    Ok(Answer {
        status: response.status().as_u16(),
        location,
        bytes: response.bytes().await?.to_vec(),
    })
}
