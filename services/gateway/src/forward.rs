//! Sends a request on to its service and brings the answer back.

use std::net::IpAddr;
use std::time::Duration;

use actix_http::body::{BoxBody, None as NoBody, SizedStream};
use actix_http::error::ParseError;
use actix_web::body::BodySize;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode, Uri, Version};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use awc::error::{ConnectError, SendRequestError};
use awc::{Client, ClientResponse, SendClientRequest};
use common::clock::{Clock as _, SystemClock};
use common::context;
use tokio::time::{Instant, sleep_until};

use crate::access_log::AccessLine;
use crate::admission::Place;
use crate::config::EdgeSettings;
use crate::edge::EdgeMetrics;
use crate::forwarded_headers;
use crate::message::BodyLength;
use crate::refusal::Refusal;
use crate::relay::Relay;
use crate::route::Route;
use crate::upload::{Upload, UploadLimits, UploadState, UploadWatch};
use crate::upstream::{Clients, Upstream};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const DEADLINE: HeaderName = HeaderName::from_static("x-request-deadline");

/// While a sender keeps everyone waiting, its own limits count; this is how often that is looked at.
const SENDER_GLANCE: Duration = Duration::from_secs(1);

/// A checked request and where it goes.
pub struct Errand<'a> {
    /// The request.
    pub request: &'a HttpRequest,
    /// Its row in the table.
    pub route: &'static Route,
    /// Its service.
    pub upstream: &'a Upstream,
    /// Where what goes wrong is counted.
    pub metrics: &'a EdgeMetrics,
    /// Who sent it.
    pub client: IpAddr,
    /// How long its body is said to be.
    pub length: BodyLength,
    /// When it came.
    pub started: Instant,
}

/// Why there is no answer from the service.
#[derive(Debug)]
enum Failure {
    /// The client's body was not taken; says nothing about the service.
    Upload(UploadState),
    /// A connection that had been used before turned out to be dead, or died before an answer came.
    Disconnected(String),
    /// It could not be reached, or answered with something that is not HTTP.
    Down(String),
    /// No answer in time.
    TimedOut,
}

impl Errand<'_> {
    /// Runs the errand. The place with the service is kept until the answer's last byte.
    ///
    /// # Errors
    /// 503 when the service is down, slow or full; 4xx when the request's body cannot be taken.
    pub async fn run(
        &self,
        clients: &Clients,
        settings: &EdgeSettings,
        payload: Payload,
        line: &mut AccessLine,
    ) -> Result<HttpResponse, Refusal> {
        if matches!(self.length, BodyLength::Known(length) if length > self.route.body_max) {
            return Err(Refusal::too_large());
        }
        let place = self.enter(settings).await?;
        let outcome = self.send(clients, settings, payload).await;
        if !matches!(outcome, Err(Failure::Upload(_))) {
            self.upstream.breaker.report(outcome.is_ok());
        }
        match outcome {
            Ok(answer) => {
                let line = std::mem::replace(line, AccessLine::none());
                Ok(self.relay(answer, line, place))
            }
            Err(failure) => Err(self.refusal(failure)),
        }
    }

    /// A place with the service, unless it is known to be down.
    async fn enter(&self, settings: &EdgeSettings) -> Result<Place, Refusal> {
        let open = || self.unanswered("breaker_open", "the service is temporarily unavailable", 5);
        // Nobody stands in line for a service that is down.
        if self.upstream.breaker.is_open() {
            return Err(open());
        }
        let patience = settings.admission.patience(self.route.queue);
        let place = self.upstream.entrance.enter(patience).await;
        let place = place.map_err(|_busy| self.unanswered("busy", "the service is busy", 1))?;
        self.upstream
            .breaker
            .try_pass()
            .map_err(|_refused| open())?;
        Ok(place)
    }

    /// A 503, counted.
    fn unanswered(&self, reason: &str, message: &'static str, retry_after_secs: u64) -> Refusal {
        let labels = [self.upstream.service.name(), reason];
        self.metrics.unanswered.with_label_values(&labels).inc();
        Refusal::unavailable(message, retry_after_secs)
    }

    async fn send(
        &self,
        clients: &Clients,
        settings: &EdgeSettings,
        payload: Payload,
    ) -> Result<ClientResponse, Failure> {
        if self.length != BodyLength::None {
            let limits = UploadLimits {
                body_max: self.route.body_max,
                least_bytes_per_sec: settings.upload_least_bytes_per_sec,
                grace: settings.upload_grace,
            };
            let upload = Upload::new(payload, limits);
            let watch = upload.watch();
            let sending = self.with_body(&clients.pooled, upload)?;
            return self.head_of_answer(sending, &watch).await;
        }
        let watch = UploadWatch::nothing_to_send();
        let sending = self.without_body(&clients.pooled)?;
        match self.head_of_answer(sending, &watch).await {
            // The service closed the kept connection just as it was used again. Nothing was sent twice that matters:
            // the method changes nothing, and there is no body.
            Err(Failure::Disconnected(_)) if self.request.method().is_safe() => {
                let watch = UploadWatch::nothing_to_send();
                let sending = self.without_body(&clients.fresh)?;
                self.head_of_answer(sending, &watch).await
            }
            outcome => outcome,
        }
    }

    fn with_body(&self, client: &Client, upload: Upload) -> Result<SendClientRequest, Failure> {
        let request = self.outgoing(client)?;
        Ok(match self.length {
            BodyLength::Known(length) => request.send_body(SizedStream::new(length, upload)),
            BodyLength::Chunked | BodyLength::None => request.send_stream(upload),
        })
    }

    fn without_body(&self, client: &Client) -> Result<SendClientRequest, Failure> {
        let request = self.outgoing(client)?;
        Ok(match *self.request.method() {
            Method::GET | Method::HEAD => request.send_body(NoBody::new()),
            // RFC 9110 §8.6: a method that may carry a body says so when it carries none.
            _ => request.send(),
        })
    }

    fn outgoing(&self, client: &Client) -> Result<awc::ClientRequest, Failure> {
        let target = self.request.uri().path_and_query().cloned();
        let uri: Uri = target
            .ok_or_else(|| Failure::Down("a target without a path".to_owned()))
            .and_then(|target| {
                self.upstream
                    .uri(target)
                    .map_err(|error| Failure::Down(error.to_string()))
            })?;
        let mut request = client
            .request(self.request.method().clone(), uri)
            .no_decompress();
        let headers = request.headers_mut();
        forwarded_headers::copy_request_headers(self.request.headers(), headers);
        self.write_own_headers(headers);
        Ok(request)
    }

    /// Who calls, which request it is, and until when an answer is of use (Unix time in milliseconds).
    fn write_own_headers(&self, headers: &mut HeaderMap) {
        let left = self
            .route
            .answer_within
            .saturating_sub(self.started.elapsed());
        let left_ms = i64::try_from(left.as_millis()).unwrap_or(i64::MAX);
        let deadline = SystemClock.now().timestamp_millis().saturating_add(left_ms);
        headers.insert(header::HOST, self.upstream.host());
        headers.insert(DEADLINE, HeaderValue::from(deadline));
        let texts = [
            (header::X_FORWARDED_FOR, Some(self.client.to_string())),
            (
                REQUEST_ID,
                context::with_current(|c| c.request_id.to_string()),
            ),
            (TRACEPARENT, context::with_current(|c| c.trace.header())),
        ];
        for (name, text) in texts {
            if let Some(Ok(value)) = text.map(HeaderValue::try_from) {
                headers.insert(name, value);
            }
        }
    }

    /// Waits for the answer's head: as long as the route allows once it is the service's turn, and never beyond the
    /// route's total.
    async fn head_of_answer(
        &self,
        sending: SendClientRequest,
        watch: &UploadWatch,
    ) -> Result<ClientResponse, Failure> {
        let ends_by = self.started + self.route.total_within;
        tokio::pin!(sending);
        loop {
            let turn_ends = watch
                .service_turn_since()
                .map(|since| since + self.route.answer_within);
            let look_again = turn_ends.unwrap_or_else(|| Instant::now() + SENDER_GLANCE);
            tokio::select! {
                biased;
                outcome = &mut sending => return outcome.map_err(|error| classify(error, watch)),
                () = sleep_until(look_again.min(ends_by)) => {}
            }
            let is_over = |end: Instant| end <= Instant::now();
            let turn_ends = watch
                .service_turn_since()
                .map(|since| since + self.route.answer_within);
            if is_over(ends_by) || turn_ends.is_some_and(is_over) {
                return Err(Failure::TimedOut);
            }
        }
    }

    fn relay(&self, answer: ClientResponse, mut line: AccessLine, place: Place) -> HttpResponse {
        let status = answer.status();
        let mut headers = HeaderMap::new();
        let answer = answer.map_body(|head, payload| {
            headers = std::mem::take(&mut head.headers);
            payload
        });
        let size = body_size(self.request.method(), status, answer.version(), &headers);
        forwarded_headers::strip_response_headers(&mut headers);
        if status != StatusCode::NOT_MODIFIED {
            // Written anew from the size.
            headers.remove(header::CONTENT_LENGTH);
        }
        line.status(status.as_u16());
        let body = match size {
            BodySize::None => BoxBody::new(NoBody::new()),
            _ => {
                let ends_by = self.started + self.route.total_within;
                BoxBody::new(Relay::new(answer, size, ends_by, line, place))
            }
        };
        let mut response = HttpResponse::with_body(status, body);
        *response.headers_mut() = headers;
        response
    }

    fn refusal(&self, failure: Failure) -> Refusal {
        let (reason, cause) = match failure {
            Failure::Upload(state) => return Refusal::of_upload(state),
            Failure::TimedOut => ("timed_out", "no answer in time".to_owned()),
            Failure::Disconnected(cause) => ("disconnected", cause),
            Failure::Down(cause) => ("down", cause),
        };
        let upstream = self.upstream.service.name();
        tracing::warn!(
            upstream,
            route = self.route.prefix,
            cause,
            "a service did not answer"
        );
        self.unanswered(reason, "the service is temporarily unavailable", 1)
    }
}

/// How long the answer's body is, by RFC 9112 §6.3.
fn body_size(
    method: &Method,
    status: StatusCode,
    version: Version,
    headers: &HeaderMap,
) -> BodySize {
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return BodySize::None;
    }
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    match length {
        Some(length) => BodySize::Sized(length),
        None if method == Method::HEAD => BodySize::None,
        None if headers.contains_key(header::TRANSFER_ENCODING) => BodySize::Stream,
        None if version < Version::HTTP_11 => BodySize::Stream,
        None => BodySize::Sized(0),
    }
}

fn classify(error: SendRequestError, watch: &UploadWatch) -> Failure {
    match (error, watch.state()) {
        (SendRequestError::Body(_), state) => Failure::Upload(state),
        (error @ SendRequestError::Connect(ConnectError::Disconnected), _)
        | (error @ SendRequestError::Send(_), _)
        | (error @ SendRequestError::Response(ParseError::Io(_) | ParseError::Incomplete), _) => {
            Failure::Disconnected(error.to_string())
        }
        (error, _) => Failure::Down(error.to_string()),
    }
}
