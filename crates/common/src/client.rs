//! Calls to sibling services: authenticated, with deadlines, a retry budget and a circuit breaker.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::auth::ServiceTokens;
use crate::breaker::{Breaker, BreakerSettings};
use crate::context;
use crate::error::{ApiError, Detail};
use crate::server::IDLE_CONNECTION;

/// Time to connect to a sibling.
const CONNECT: Duration = Duration::from_millis(500);
/// Time for a whole call.
const TOTAL: Duration = Duration::from_secs(5);
/// Retries saved up at most, in hundredths; each call earns ten, a retry costs a hundred.
const BUDGET_MAX: i64 = 1_000;

/// The port of each service unless told otherwise, in the order of their deployment.
const USUAL_PORTS: [(&str, u16); 11] = [
    ("gateway", 3000),
    ("auth", 3001),
    ("catalog", 3002),
    ("inventory", 3003),
    ("cart", 3004),
    ("orders", 3005),
    ("payments", 3006),
    ("notifications", 3007),
    ("media", 3008),
    ("admin", 3009),
    ("status", 3010),
];

/// Where a service listens on a developer's machine; none if there is no such service.
#[must_use]
pub fn usual_port(service: &str) -> Option<u16> {
    let (_, port) = USUAL_PORTS.iter().find(|(name, _)| *name == service)?;
    Some(*port)
}

/// An HTTP client with deadlines, for siblings.
///
/// # Errors
/// When TLS cannot be set up.
#[expect(
    clippy::disallowed_methods,
    reason = "one of the two places that build clients"
)]
pub fn http_client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        .pool_idle_timeout(IDLE_CONNECTION)
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

/// Time to connect to somebody on the internet, TLS included.
const CONNECT_FAR: Duration = Duration::from_secs(4);
/// Time for a whole call over the internet.
const TOTAL_FAR: Duration = Duration::from_secs(10);

/// An HTTP client for providers on the internet, who are farther away than siblings: the same rules, more time.
///
/// # Errors
/// When TLS cannot be set up.
#[expect(
    clippy::disallowed_methods,
    reason = "one of the two places that build clients"
)]
pub fn provider_client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_FAR)
        .timeout(TOTAL_FAR)
        .pool_idle_timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

/// Why a sibling did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// It could not be reached, answered late, or with a 5xx: whether it acted is unknown.
    #[error("{service} is not available: {cause}")]
    Unavailable {
        /// Who.
        service: &'static str,
        /// Why, for the log.
        cause: String,
    },
    /// It understood and refused.
    #[error("{service} refused: {status} {code}")]
    Refused {
        /// Who.
        service: &'static str,
        /// The answer's status.
        status: StatusCode,
        /// The stable code of its error envelope.
        code: String,
        /// What else it said.
        answer: Box<RefusalAnswer>,
    },
}

/// What a refusal says beside its code.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct RefusalAnswer {
    /// What is wrong with which part of the question.
    #[serde(default)]
    pub details: Vec<Detail>,
    /// After how many seconds it may be asked again.
    #[serde(skip)]
    pub retry_after: Option<u64>,
}

impl From<CallError> for ApiError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unavailable { .. } => {
                tracing::warn!(cause = %error, "a sibling service is not available");
                Self::unavailable("the service is temporarily unavailable")
            }
            CallError::Refused { .. } => Self::internal(error),
        }
    }
}

/// A client of one sibling service. Cheap to clone.
#[derive(Clone)]
pub struct Sibling {
    service: &'static str,
    base: Url,
    http: reqwest::Client,
    tokens: Arc<ServiceTokens>,
    breaker: Arc<Breaker>,
    budget: Arc<AtomicI64>,
}

#[derive(serde::Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Default, serde::Deserialize)]
struct Refusal {
    #[serde(default)]
    code: String,
    #[serde(flatten)]
    answer: RefusalAnswer,
}

impl Sibling {
    /// A client of `service` at `base`.
    #[must_use]
    pub fn new(
        service: &'static str,
        base: Url,
        http: reqwest::Client,
        tokens: Arc<ServiceTokens>,
    ) -> Self {
        let breaker = Arc::new(Breaker::new(BreakerSettings::default()));
        Self {
            service,
            base,
            http,
            tokens,
            breaker,
            budget: Arc::new(AtomicI64::new(BUDGET_MAX)),
        }
    }

    /// The same client with another breaker, for a caller that paces itself.
    #[must_use]
    pub fn with_breaker(self, settings: BreakerSettings) -> Self {
        Self {
            breaker: Arc::new(Breaker::new(settings)),
            ..self
        }
    }

    /// The URL of a path on the sibling.
    ///
    /// # Errors
    /// When the base URL cannot be a base.
    pub fn url(&self, path: &str) -> Result<Url, url::ParseError> {
        self.base.join(path)
    }

    /// Reads; tried once more when the sibling was not available and the retry budget allows.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, CallError> {
        match self.send(self.http.request(Method::GET, url.clone())).await {
            Err(CallError::Unavailable { .. }) if self.may_retry() => {
                self.send(self.http.request(Method::GET, url)).await
            }
            other => other,
        }
    }

    /// Commands that are idempotent by the ids in them; tried once more like reads.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn post<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        url: Url,
        body: &B,
    ) -> Result<T, CallError> {
        let request = || self.http.request(Method::POST, url.clone()).json(body);
        match self.send(request()).await {
            Err(CallError::Unavailable { .. }) if self.may_retry() => self.send(request()).await,
            other => other,
        }
    }

    fn may_retry(&self) -> bool {
        self.budget
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                (left >= 100).then_some(left - 100)
            })
            .is_ok()
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, CallError> {
        let unavailable = |cause: String| CallError::Unavailable {
            service: self.service,
            cause,
        };
        self.breaker
            .try_pass()
            .map_err(|refused| unavailable(refused.to_string()))?;
        let _ = self
            .budget
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                Some((left + 10).min(BUDGET_MAX))
            });
        let outcome = self.exchange(request).await;
        self.breaker
            .report(!matches!(outcome, Err(CallError::Unavailable { .. })));
        outcome
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        mut request: RequestBuilder,
    ) -> Result<T, CallError> {
        let unavailable = |cause: String| CallError::Unavailable {
            service: self.service,
            cause,
        };
        let token = self
            .tokens
            .token_for(self.service)
            .map_err(|e| unavailable(e.to_string()))?;
        request = request.bearer_auth(token);
        if let Some(context) = context::current() {
            request = request
                .header("x-request-id", &*context.request_id)
                .header("traceparent", context.trace.header());
        }
        let response = request
            .send()
            .await
            .map_err(|e| unavailable(e.to_string()))?;
        let status = response.status();
        if status.is_success() {
            let answer: Answer<T> = response
                .json()
                .await
                .map_err(|e| unavailable(e.to_string()))?;
            return Ok(answer.data);
        }
        if status.is_server_error() {
            return Err(unavailable(format!("status {status}")));
        }
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after
            .and_then(|value| value.to_str().ok())
            .and_then(|seconds| seconds.parse().ok());
        let refusal: Refusal = response.json().await.unwrap_or_default();
        // Too many questions are no answer; too much of something is.
        if status == StatusCode::TOO_MANY_REQUESTS && is_about_pace(&refusal.code) {
            return Err(unavailable(format!("status {status}")));
        }
        Err(CallError::Refused {
            service: self.service,
            status,
            code: refusal.code,
            answer: Box::new(RefusalAnswer {
                retry_after,
                ..refusal.answer
            }),
        })
    }
}

/// Whether a 429 is about how often something is asked, and not about what.
fn is_about_pace(code: &str) -> bool {
    matches!(code, "" | "RATE_LIMIT_EXCEEDED")
}
