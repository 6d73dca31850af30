//! The payment provider Paystack: <https://paystack.com/docs/api>.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use common::breaker::{Breaker, BreakerSettings};
use common::context;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue, USER_AGENT};
use reqwest::{Client, Method, RequestBuilder, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use super::gateway::{
    Checkout, GatewayError, GatewayRefund, GatewaySettlement, Listed, ListedPage, ListedRefund,
    Opened, Patience, PaymentGateway, RefundOrder,
};
use crate::app::counters::Counters;
use crate::domain::observation::Observation;
use crate::domain::reference::Reference;
use crate::domain::window::Window;
use wire::{OpenedData, Page, RefundData, TransactionData};

mod answer;
mod disputes;
mod lists;
mod settlements;
mod wire;

const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("agape-payments/", env!("CARGO_PKG_VERSION")));
/// The longest answer that is read, in bytes.
const ANSWER_MAX: usize = 2 * 1024 * 1024;
/// Refunds on one page of a list.
const PAGE: usize = 50;
/// Pages that are read at most; a transaction has a handful of refunds.
const PAGES_MAX: u32 = 20;

/// A client of the provider.
pub(crate) struct Paystack {
    http: Client,
    base: Url,
    authorization: HeaderValue,
    timeout: Duration,
    channels: Vec<String>,
    breaker: Breaker,
    counters: Counters,
}

/// How the provider is reached.
#[derive(Debug)]
pub(crate) struct PaystackOptions<'a> {
    pub(crate) base: &'a Url,
    pub(crate) key: &'a SecretString,
    pub(crate) timeout: Duration,
    /// The ways to pay that are offered; none: those that the account has.
    pub(crate) channels: &'a [String],
}

/// What a call is about, in metrics.
type Call = &'static str;

impl Paystack {
    /// A client.
    ///
    /// # Errors
    /// When the URL cannot be a base, or the key is not fit for a header.
    pub(crate) fn new(
        http: Client,
        options: &PaystackOptions<'_>,
        counters: Counters,
    ) -> anyhow::Result<Self> {
        let key = options.key.expose_secret();
        let mut authorization = HeaderValue::from_str(&format!("Bearer {key}"))?;
        authorization.set_sensitive(true);
        // A base may have a path of its own, which `join` would drop without the slash.
        let base = options.base.as_str().trim_end_matches('/');
        Ok(Self {
            http,
            base: Url::parse(&format!("{base}/"))?,
            authorization,
            timeout: options.timeout,
            channels: options.channels.to_vec(),
            breaker: Breaker::new(BreakerSettings::default()),
            counters,
        })
    }

    /// A path of the API. What comes from elsewhere is encoded, so that it stays one segment.
    fn url(&self, segments: &[&str]) -> Result<Url, GatewayError> {
        let mut url = self.base.clone();
        let fail = || GatewayError::Unavailable("its URL cannot be a base".to_owned());
        url.path_segments_mut()
            .map_err(|()| fail())?
            .pop_if_empty()
            .extend(segments);
        Ok(url)
    }

    fn get(&self, url: Url) -> RequestBuilder {
        self.http.request(Method::GET, url)
    }

    fn post(&self, url: Url, body: &Value) -> RequestBuilder {
        self.http.request(Method::POST, url).json(body)
    }

    /// How long an answer may take; none if there is no time left for one.
    fn timeout(&self, patience: Patience) -> Option<Duration> {
        match patience {
            Patience::Usual => Some(self.timeout),
            Patience::Until(deadline) => {
                let left = deadline.checked_duration_since(tokio::time::Instant::now())?;
                (!left.is_zero()).then(|| left.min(self.timeout))
            }
        }
    }

    /// Asks once.
    async fn ask<T: DeserializeOwned>(
        &self,
        call: Call,
        request: RequestBuilder,
        patience: Patience,
    ) -> Result<T, GatewayError> {
        self.ask_for(call, request, patience, answer::understand)
            .await
    }

    /// Asks once for something that is taken out of the answer by `read`.
    async fn ask_for<T>(
        &self,
        call: Call,
        request: RequestBuilder,
        patience: Patience,
        read: fn(u16, &[u8]) -> Result<T, answer::Trouble>,
    ) -> Result<T, GatewayError> {
        let timeout = self.timeout(patience);
        let too_late = || GatewayError::Unavailable("there was no time left to ask".to_owned());
        let request = request.timeout(timeout.ok_or_else(too_late)?);
        self.breaker
            .try_pass()
            .map_err(|refused| GatewayError::Unavailable(refused.to_string()))?;
        let began = Instant::now();
        let exchanged = self.exchange(request).await;
        let answered = exchanged.and_then(|(status, body)| read(status, &body));
        // A provider that refuses is well.
        let is_well = matches!(
            answered,
            Ok(_) | Err(answer::Trouble::Refused(_) | answer::Trouble::Turned(_))
        );
        self.breaker.report(is_well);
        let answered = answered.map_err(GatewayError::from);
        let outcome = outcome_of(&answered);
        self.counters
            .gateway(call, outcome, began.elapsed().as_secs_f64());
        if let Err(error @ (GatewayError::Unavailable(_) | GatewayError::Unknown(_))) = &answered {
            tracing::warn!(call, cause = %error, "the payment provider gave no usable answer");
        }
        answered
    }

    async fn exchange(&self, request: RequestBuilder) -> Result<(u16, Vec<u8>), answer::Trouble> {
        let mut request = request
            .header(AUTHORIZATION, self.authorization.clone())
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(trace) = context::with_current(|context| context.trace.header()) {
            request = request.header("traceparent", trace);
        }
        let response = request
            .send()
            .await
            .map_err(answer::Trouble::of_transport)?;
        let status = response.status().as_u16();
        let body = read(response).await;
        let body = body.map_err(answer::Trouble::of_transport)?;
        Ok((status, body))
    }
}

/// The name of an outcome in metrics.
fn outcome_of<T>(answered: &Result<T, GatewayError>) -> &'static str {
    match answered {
        Ok(_) => "done",
        Err(GatewayError::Refused { .. }) => "refused",
        Err(GatewayError::Unavailable(_)) => "unavailable",
        Err(GatewayError::Unknown(_)) => "unknown",
    }
}

/// The answer's body; what is longer than any real one is cut off, and then no longer JSON.
async fn read(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = ANSWER_MAX.saturating_sub(body.len());
        body.extend(chunk.iter().take(room));
        if chunk.len() > room {
            break;
        }
    }
    Ok(body)
}

#[async_trait]
impl PaymentGateway for Paystack {
    async fn initialize(
        &self,
        checkout: &Checkout<'_>,
        patience: Patience,
    ) -> Result<Opened, GatewayError> {
        let subunits = checkout.due.to_subunits();
        let subunits = subunits.map_err(|error| GatewayError::Refused {
            why: super::gateway::Refusal::Other,
            message: error.to_string(),
        })?;
        let mut body = json!({
            "email": checkout.email,
            "amount": subunits,
            "currency": checkout.due.currency().code(),
            "reference": checkout.reference.as_str(),
            "callback_url": checkout.callback_url,
            "metadata": { "order_id": checkout.order.0 },
        });
        if let Some(fields) = body.as_object_mut().filter(|_| !self.channels.is_empty()) {
            fields.insert("channels".to_owned(), json!(self.channels));
        }
        let url = self.url(&["transaction", "initialize"])?;
        let request = self.post(url, &body);
        let data: OpenedData = self.ask("initialize", request, patience).await?;
        data.open(checkout.reference)
    }

    async fn verify(
        &self,
        reference: &Reference,
        patience: Patience,
    ) -> Result<Observation, GatewayError> {
        let url = self.url(&["transaction", "verify", reference.as_str()])?;
        let data: TransactionData = self.ask("verify", self.get(url), patience).await?;
        data.open()
    }

    async fn refund(&self, order: &RefundOrder<'_>) -> Result<GatewayRefund, GatewayError> {
        let url = self.url(&["refund"])?;
        let body = json!({
            "transaction": order.transaction,
            // Without it the provider would take the whole original amount.
            "amount": order.amount_minor,
            "currency": order.currency,
            "merchant_note": order.id.to_string(),
        });
        let request = self.post(url, &body);
        let data: RefundData = self.ask("refund", request, Patience::Usual).await?;
        data.open()
    }

    async fn list_refunds(&self, transaction: &str) -> Result<Vec<GatewayRefund>, GatewayError> {
        let mut all = Vec::new();
        for page in 1..=PAGES_MAX {
            let mut url = self.url(&["refund"])?;
            url.query_pairs_mut()
                .append_pair("transaction", transaction)
                .append_pair("perPage", &PAGE.to_string())
                .append_pair("page", &page.to_string());
            let request = self.get(url);
            let Page(rows): Page = self.ask("list_refunds", request, Patience::Usual).await?;
            let is_last = rows.len() < PAGE;
            for row in rows {
                all.extend(row.of_transaction(transaction)?);
            }
            if is_last {
                return Ok(all);
            }
        }
        // Half a list would be taken for all there is.
        Err(GatewayError::Unknown(
            "the list of refunds does not end".to_owned(),
        ))
    }

    async fn fetch_refund(&self, id: &str) -> Result<GatewayRefund, GatewayError> {
        let url = self.url(&["refund", id])?;
        let request = self.get(url);
        let data: RefundData = self.ask("fetch_refund", request, Patience::Usual).await?;
        data.open()
    }

    async fn list_settlements(
        &self,
        window: Window,
        page: u32,
    ) -> Result<ListedPage<GatewaySettlement>, GatewayError> {
        settlements::list(self, window, page).await
    }

    async fn list_settled(
        &self,
        settlement: &str,
        page: u32,
    ) -> Result<ListedPage<Observation>, GatewayError> {
        settlements::list_settled(self, settlement, page).await
    }

    async fn list_transactions(
        &self,
        window: Window,
        cursor: Option<&str>,
    ) -> Result<Listed<Observation>, GatewayError> {
        lists::transactions(self, window, cursor).await
    }

    async fn list_all_refunds(
        &self,
        window: Window,
        cursor: Option<&str>,
    ) -> Result<Listed<ListedRefund>, GatewayError> {
        lists::refunds(self, window, cursor).await
    }
}

#[cfg(test)]
mod tests;
