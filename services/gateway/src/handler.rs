//! What happens to every request, in order: checked, answered here if it can be, counted, sent on, dressed.

use std::cell::Cell;
use std::convert::Infallible;
use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use chrono::SecondsFormat;
use common::auth::AccessClaims;
use common::clock::{Clock as _, SystemClock};
use common::context;
use common::rate_limit::{Decision, Limiter};
use common::request_scope::RouteName;
use common::{ApiError, ErrorCode};
use futures_util::FutureExt as _;
use tokio::time::Instant;

use crate::access_log::AccessLine;
use crate::client_address::{client_address, rate_limit_key};
use crate::cors::is_preflight;
use crate::edge::Edge;
use crate::forward::Errand;
use crate::identity::identify;
use crate::message::{METHODS, check_message};
use crate::path::check_target;
use crate::refusal::Refusal;
use crate::route::{RateClass, Route};
use crate::security_headers;
use crate::upstream::Clients;

const RATE_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const RATE_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RATE_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// What one worker thread has to itself, beside what it shares with the others.
pub struct Worker {
    edge: Arc<Edge>,
    clients: Clients,
    limiter: Limiter,
    requests: Cell<u32>,
}

/// A body that is told about and not sent. The HTTP layer below forgets which request was a `HEAD` when the next one
/// has already arrived on the connection; with nothing to send it closes instead of sending what nobody asked for.
struct HeadOnly(BodySize);

impl MessageBody for HeadOnly {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        self.0
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(None)
    }
}

/// What is learnt about a request on its way.
struct Visit {
    line: AccessLine,
    decision: Option<Decision>,
    is_preflight: bool,
    is_private: bool,
}

impl Worker {
    /// A worker of the current thread.
    #[must_use]
    pub fn new(edge: Arc<Edge>, limiter: Limiter) -> Self {
        let clients = Clients::new(edge.settings.connect_timeout);
        Self {
            edge,
            clients,
            limiter,
            requests: Cell::new(0),
        }
    }

    /// Answers a request.
    pub async fn handle(self: Rc<Self>, request: HttpRequest, payload: Payload) -> HttpResponse {
        let mut visit = Visit {
            line: self.begin_line(&request),
            decision: None,
            is_preflight: false,
            is_private: request.headers().contains_key(header::AUTHORIZATION),
        };
        let answering = AssertUnwindSafe(self.answer(&request, payload, &mut visit));
        // A bug of ours must still be dressed like every answer.
        let outcome = answering
            .catch_unwind()
            .await
            .unwrap_or_else(|_panic| Err(ApiError::internal("the handler panicked").into()));
        let response = outcome.unwrap_or_else(Refusal::into_response);
        self.dress(&request, response, visit)
    }

    async fn answer(
        &self,
        request: &HttpRequest,
        payload: Payload,
        visit: &mut Visit,
    ) -> Result<HttpResponse, Refusal> {
        let started = Instant::now();
        let length = check_message(request)?;
        check_target(request.uri(), request.headers())?;
        if is_preflight(request.method(), request.headers()) {
            visit.is_preflight = true;
            return Ok(HttpResponse::new(StatusCode::NO_CONTENT));
        }
        if let Some(response) = self.own_page(request).await? {
            return Ok(response);
        }
        let client = client_address(
            request.peer_addr(),
            request.headers(),
            self.edge.settings.trusted_proxies,
        );
        let Some(route) = self.edge.routes.find(request.uri().path()) else {
            self.count(RateClass::Public, rate_limit_key(client), visit)
                .await?;
            return Err(ApiError::not_found("route").into());
        };
        visit.line.route(route.prefix);
        request.extensions_mut().insert(RouteName(route.prefix));
        let caller = identify(&self.edge.verifier, request).await;
        let known = caller.as_ref().ok().and_then(Option::as_deref);
        self.count_caller(
            route,
            request.method(),
            known,
            rate_limit_key(client),
            visit,
        )
        .await?;
        if let Some(claims) = caller? {
            context::with_current(|c| c.note_user(self.edge.verifier.log_hash(claims.sub)));
        }
        if request.method() == Method::OPTIONS {
            return Ok(HttpResponse::NoContent()
                .insert_header((header::ALLOW, METHODS))
                .finish());
        }
        let errand = Errand {
            request,
            route,
            upstream: self.edge.upstream(route.service)?,
            metrics: &self.edge.metrics,
            client,
            length,
            started,
        };
        errand
            .run(&self.clients, &self.edge.settings, payload, &mut visit.line)
            .await
    }

    /// Pages that the gateway answers itself, not counted by the limiter.
    async fn own_page(&self, request: &HttpRequest) -> Result<Option<HttpResponse>, Refusal> {
        let page = match request.uri().path() {
            "/healthz" => Some(self.edge.health.answer(self.edge.deployed()).await),
            _ => self.edge.docs.find(request),
        };
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        if page.is_some() && !is_read {
            return Err(Refusal::method("GET, HEAD"));
        }
        Ok(page)
    }

    /// A person is counted wherever they are; everyone else, and a bad token, by address.
    async fn count_caller(
        &self,
        route: &Route,
        method: &Method,
        known: Option<&AccessClaims>,
        address: impl Display,
        visit: &mut Visit,
    ) -> Result<(), Refusal> {
        let class = route.rate_class(method, known.is_some_and(|claims| claims.role.is_staff()));
        match known {
            Some(claims) => self.count(class, claims.sub, visit).await,
            None => self.count(class, address, visit).await,
        }
    }

    async fn count(
        &self,
        class: RateClass,
        who: impl Display,
        visit: &mut Visit,
    ) -> Result<(), Refusal> {
        let limits = &self.edge.settings.rate_limits;
        let key = format!("gateway:rate:{}:{who}", class.name());
        let decision = self.limiter.hit(key, limits.of(class), limits.window).await;
        visit.decision = Some(decision);
        if decision.allowed {
            return Ok(());
        }
        self.edge
            .metrics
            .rate_limited
            .with_label_values(&[class.name()])
            .inc();
        let error = ApiError::new(ErrorCode::RateLimitExceeded, "too many requests");
        Err(error.with_retry_after(decision.retry_after_secs()).into())
    }

    /// Adds what every answer carries, and writes the access line of those that are complete already.
    fn dress(
        &self,
        request: &HttpRequest,
        mut response: HttpResponse,
        mut visit: Visit,
    ) -> HttpResponse {
        if self.edge.readiness.is_draining() {
            response
                .head_mut()
                .set_connection_type(ConnectionType::Close);
        }
        visit.line.status(response.status().as_u16());
        if let BodySize::Sized(bytes) = response.body().size() {
            visit.line.count(bytes);
        }
        let sets_cookie = response.headers().contains_key(header::SET_COOKIE);
        let headers = response.headers_mut();
        self.write_rate_headers(headers, visit.decision);
        self.edge.origins.apply(request.headers(), headers);
        if visit.is_preflight {
            self.edge
                .origins
                .apply_preflight(request.headers(), headers);
        }
        security_headers::apply(headers, visit.is_private || sets_cookie);
        match *request.method() {
            Method::HEAD => response.map_body(|_, body| BoxBody::new(HeadOnly(body.size()))),
            _ => response,
        }
    }

    fn write_rate_headers(&self, headers: &mut HeaderMap, decision: Option<Decision>) {
        let decision = decision.unwrap_or_else(|| self.untouched());
        headers.insert(RATE_LIMIT, HeaderValue::from(decision.limit));
        headers.insert(RATE_REMAINING, HeaderValue::from(decision.remaining));
        let reset = decision.reset_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        if let Ok(reset) = HeaderValue::try_from(reset) {
            headers.insert(RATE_RESET, reset);
        }
    }

    /// What an answer that was not counted says about the limit.
    fn untouched(&self) -> Decision {
        let limits = &self.edge.settings.rate_limits;
        Decision {
            limit: limits.public,
            remaining: limits.public,
            reset_at: SystemClock.now() + limits.window,
            allowed: true,
        }
    }

    fn begin_line(&self, request: &HttpRequest) -> AccessLine {
        let every = self.edge.settings.access_log_every;
        let count = self.requests.get().wrapping_add(1);
        self.requests.set(count);
        if every == 0 || !count.is_multiple_of(every) {
            return AccessLine::none();
        }
        AccessLine::begin(request.method().clone())
    }
}
