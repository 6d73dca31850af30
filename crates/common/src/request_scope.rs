//! The middleware around every request: its ids, its span, its metrics, and a last net for panics.

use std::borrow::Cow;
use std::future::{Ready, ready};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{Error, HttpMessage as _, HttpRequest, ResponseError as _};
use futures_util::FutureExt as _;
use opentelemetry::trace::TraceContextExt as _;
use tracing::Instrument as _;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::context::{self, Context, TraceParent};
use crate::error::ApiError;
use crate::ids;
use crate::metrics::Metrics;
use crate::spans;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A handler that serves many routes by itself puts this among a request's extensions, so that metrics name the route.
#[derive(Debug, Clone, Copy)]
pub struct RouteName(pub &'static str);

/// Wraps a service's `App`.
#[derive(Clone)]
pub struct RequestScope {
    metrics: Metrics,
}

impl RequestScope {
    /// Counts into `metrics`.
    #[must_use]
    pub fn new(metrics: Metrics) -> Self {
        Self { metrics }
    }
}

impl<S, B> Transform<S, ServiceRequest> for RequestScope
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = RequestScopeService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(RequestScopeService {
            service: Rc::new(service),
            metrics: self.metrics.clone(),
        }))
    }
}

/// The middleware at work; made by [`RequestScope`].
pub struct RequestScopeService<S> {
    service: Rc<S>,
    metrics: Metrics,
}

impl<S, B> Service<ServiceRequest> for RequestScopeService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let started = Instant::now();
        let mut scope = scope_of(&request);
        let span = span_of(&request, &mut scope);
        let service = Rc::clone(&self.service);
        let metrics = self.metrics.clone();
        let request_id = HeaderValue::from_str(&scope.request_id);
        let method = request.method().clone();
        let own_span = span.clone();
        let work = async move {
            let answered = AssertUnwindSafe(service.call(request)).catch_unwind().await;
            let count = |route: &str, status: u16| {
                metrics.request(method.as_str(), route, status, started.elapsed());
                describe(&own_span, method.as_str(), route, status);
            };
            let mut failure = match answered {
                Ok(Ok(mut response)) => {
                    if let Ok(value) = request_id {
                        response.headers_mut().insert(REQUEST_ID.clone(), value);
                    }
                    let route = route_of(response.request());
                    count(&route, response.status().as_u16());
                    return Ok(response);
                }
                Ok(Err(error)) => error.as_response_error().error_response(),
                // The panic hook has written the message; the client gets the envelope.
                Err(_panic) => ApiError::internal("a handler panicked").error_response(),
            };
            // The request went with the failure, and routing needs the only handle to it, so none was kept: the answer
            // travels as an error that carries it.
            if let Ok(value) = request_id {
                failure.headers_mut().insert(REQUEST_ID.clone(), value);
            }
            count("unmatched", failure.status().as_u16());
            Err(InternalError::from_response("no answer from a handler", failure).into())
        };
        Box::pin(scope.scope(work.instrument(span)))
    }
}

/// The pattern that matched, for metrics: never the path itself, of which there is no end.
fn route_of(request: &HttpRequest) -> Cow<'static, str> {
    if let Some(RouteName(name)) = request.extensions().get::<RouteName>() {
        return Cow::Borrowed(name);
    }
    request
        .match_pattern()
        .map_or(Cow::Borrowed("unmatched"), Cow::Owned)
}

/// The request's ids: the caller's where they are well formed.
fn scope_of(request: &ServiceRequest) -> Context {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    let trace = trace_of(request).unwrap_or_else(|| TraceParent::random(false));
    match header("x-request-id").filter(|id| context::is_request_id(id)) {
        Some(id) => Context::new(id, trace),
        None => Context::new(&ids::new_id().to_string(), trace),
    }
}

/// A span in the caller's trace; the scope then carries the span's own id to whomever is called next.
fn span_of(request: &ServiceRequest, scope: &mut Context) -> tracing::Span {
    if !spans::are_recorded() {
        return tracing::Span::none();
    }
    let span = tracing::info_span!(
        "http.request",
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = %request.method(),
        http.response.status_code = Empty,
        http.route = Empty,
        request.id = %scope.request_id,
    );
    if let Some(caller) = trace_of(request) {
        spans::continue_from(&span, caller);
    }
    if let Some(own) = spans::place_of(&span) {
        scope.trace = own;
    }
    span
}

/// Names the span once the route is known, by the conventions of OpenTelemetry for HTTP servers.
fn describe(span: &tracing::Span, method: &str, route: &str, status: u16) {
    if span.is_none() {
        return;
    }
    // By the span itself: the field `otel.name` has no effect once the span's context was asked for.
    span.context()
        .span()
        .update_name(format!("{method} {route}"));
    span.record("http.route", route);
    span.record("http.response.status_code", status);
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// The caller's place in its trace, if it sent a well-formed one.
fn trace_of(request: &ServiceRequest) -> Option<TraceParent> {
    let header = request.headers().get("traceparent")?;
    TraceParent::parse(header.to_str().ok()?)
}
