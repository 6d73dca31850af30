//! A request from the gate to the answer.
//!
//! What a request does, it does in a task of its own: a client that hangs up does not stop it, as with the vendor.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::web::{Bytes, Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;
use uuid::Uuid;

use super::Account;
use super::error::Refusal;
use super::gate::{self, Access};
use super::send::{self, Call, Operation};
use crate::faults::RequestFault;
use crate::journal::{Outcome, RequestFact};
use crate::rate_limit::Standing;
use crate::server::no_answer;

/// A request's body: the attachments' 40 MB and generous room for the rest.
const BODY_MAX: usize = 64 * 1024 * 1024;
/// How long a request without an answer is held.
const HANG: Duration = Duration::from_secs(120);

/// `POST /emails`.
pub async fn send(account: Data<Account>, request: HttpRequest, body: Payload) -> HttpResponse {
    post(account.into_inner(), Operation::Send, &request, body).await
}

/// `POST /emails/batch`.
pub async fn send_batch(
    account: Data<Account>,
    request: HttpRequest,
    body: Payload,
) -> HttpResponse {
    post(account.into_inner(), Operation::Batch, &request, body).await
}

/// `GET /emails/:id`.
pub async fn get(account: Data<Account>, request: HttpRequest, id: Path<String>) -> HttpResponse {
    let (visit, verdict) = Visit::enter(account.into_inner(), Operation::Get, &request);
    if let Err(refusal) = verdict {
        return visit.refuse(&refusal);
    }
    let fault = visit.fault();
    if let Some(answer) = visit.go_wrong(&fault).await {
        return answer;
    }
    tokio::time::sleep(Duration::from_millis(fault.latency_ms)).await;
    let Ok(id) = Uuid::parse_str(&id) else {
        return visit.refuse(&Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_parameter",
            "The `id` must be a valid UUID.",
        ));
    };
    let Some(kept) = visit.account.mail(id) else {
        return visit.refuse(&Refusal::not_found("Email not found"));
    };
    visit.account.note(RequestFact {
        ids: vec![id.to_string()],
        ..visit.fact(
            Outcome::Executed,
            (!fault.drop_after_execute).then_some(200),
        )
    });
    visit.answer(&fault, &kept.to_vendor_json())
}

/// A path that exists, with another method.
pub async fn method_not_allowed(account: Data<Account>, request: HttpRequest) -> HttpResponse {
    let refusal = Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This endpoint does not support the specified HTTP method.",
    );
    nothing_here(account, &request, &refusal)
}

/// A path that does not exist.
pub async fn not_found(account: Data<Account>, request: HttpRequest) -> HttpResponse {
    let refusal = Refusal::not_found("The requested endpoint does not exist.");
    nothing_here(account, &request, &refusal)
}

fn nothing_here(account: Data<Account>, request: &HttpRequest, refusal: &Refusal) -> HttpResponse {
    let (visit, verdict) = Visit::enter(account.into_inner(), Operation::Unknown, request);
    visit.refuse(verdict.as_ref().err().unwrap_or(refusal))
}

async fn post(
    account: Arc<Account>,
    operation: Operation,
    request: &HttpRequest,
    body: Payload,
) -> HttpResponse {
    let (visit, verdict) = Visit::enter(account, operation, request);
    if let Err(refusal) = verdict {
        return visit.refuse(&refusal);
    }
    let fault = visit.fault();
    if let Some(answer) = visit.go_wrong(&fault).await {
        return answer;
    }
    let body = match read_body(body).await {
        Ok(body) => body,
        Err(refusal) => return visit.refuse(&refusal),
    };
    let call = Call {
        operation,
        key: visit.key.clone(),
        traceparent: visit.traceparent.clone(),
        validation: text_of(request.headers(), "x-batch-validation"),
        body,
        latency: Duration::from_millis(fault.latency_ms),
        fault: name_of(&fault),
        status: (!fault.drop_after_execute).then_some(StatusCode::OK.as_u16()),
    };
    let work = send::execute(Arc::clone(&visit.account), call);
    match visit.account.runtime.spawn(work).await {
        Ok(Ok(answer)) => visit.answer(&fault, &answer),
        Ok(Err(refusal)) if !fault.drop_after_execute => visit.respond(&refusal),
        Ok(Err(_)) => no_answer(),
        Err(panicked) => {
            tracing::error!(cause = %panicked, "a request could not be executed");
            visit.refuse(&Refusal::injected(500, None))
        }
    }
}

async fn read_body(body: Payload) -> Result<Bytes, Refusal> {
    match body.to_bytes_limited(BODY_MAX).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(Refusal::bad_request("The request body could not be read.")),
        Err(_) => Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "validation_error",
            "The request body is too large.",
        )),
    }
}

/// A request, what it is about, and where it leaves the account.
struct Visit {
    account: Arc<Account>,
    operation: Operation,
    key: Option<String>,
    traceparent: Option<String>,
    standing: Option<Standing>,
}

impl Visit {
    /// Judges a request at the gate.
    fn enter(
        account: Arc<Account>,
        operation: Operation,
        request: &HttpRequest,
    ) -> (Self, Result<(), Refusal>) {
        let needed = match operation {
            Operation::Send | Operation::Batch => Access::Sending,
            Operation::Get | Operation::Unknown => Access::Full,
        };
        let passage = gate::pass(&account, request, needed);
        let visit = Self {
            account,
            operation,
            key: text_of(request.headers(), "idempotency-key"),
            traceparent: text_of(request.headers(), "traceparent"),
            standing: passage.standing,
        };
        (visit, passage.verdict)
    }

    fn fault(&self) -> RequestFault {
        let fault = self.account.faults.take(|plan| {
            let faults = plan.resend.as_mut()?;
            match self.operation {
                Operation::Send => faults.send.as_mut(),
                Operation::Batch => faults.batch.as_mut(),
                Operation::Get => faults.get.as_mut(),
                Operation::Unknown => None,
            }
        });
        fault.unwrap_or_default()
    }

    /// The faults that keep a request from being executed.
    async fn go_wrong(&self, fault: &RequestFault) -> Option<HttpResponse> {
        if fault.hang {
            self.account.note(RequestFact {
                fault: name_of(fault),
                ..self.fact(Outcome::Hung, None)
            });
            tokio::select! {
                () = tokio::time::sleep(HANG) => {}
                () = self.account.shutdown.cancelled() => {}
            }
            return Some(no_answer());
        }
        let status = fault.status?;
        let refusal = Refusal::injected(status, fault.name.as_deref());
        self.account.note(RequestFact {
            error: Some(&refusal.name),
            fault: name_of(fault),
            ..self.fact(Outcome::Refused, Some(status))
        });
        tokio::time::sleep(Duration::from_millis(fault.latency_ms)).await;
        Some(self.respond(&refusal))
    }

    fn fact(&self, outcome: Outcome, status: Option<u16>) -> RequestFact<'_> {
        RequestFact {
            operation: self.operation.name(),
            outcome,
            status,
            error: None,
            idempotency_key: self.key.as_deref(),
            traceparent: self.traceparent.as_deref(),
            ids: Vec::new(),
            fault: None,
        }
    }

    fn answer(&self, fault: &RequestFault, body: &Value) -> HttpResponse {
        if fault.drop_after_execute {
            return no_answer();
        }
        self.with_standing(HttpResponse::Ok().json(body))
    }

    /// Writes a refusal down and answers with it.
    fn refuse(&self, refusal: &Refusal) -> HttpResponse {
        self.account.note(RequestFact {
            error: Some(&refusal.name),
            ..self.fact(Outcome::Refused, Some(refusal.status.as_u16()))
        });
        self.respond(refusal)
    }

    fn respond(&self, refusal: &Refusal) -> HttpResponse {
        let mut answer = self.with_standing(refusal.respond());
        if refusal.status == StatusCode::TOO_MANY_REQUESTS {
            let seconds = self.standing.map_or(1, |standing| standing.reset_secs);
            answer
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }

    fn with_standing(&self, mut answer: HttpResponse) -> HttpResponse {
        let Some(standing) = self.standing else {
            return answer;
        };
        for (name, value) in [
            ("ratelimit-limit", standing.limit),
            ("ratelimit-remaining", standing.remaining),
            ("ratelimit-reset", standing.reset_secs),
        ] {
            let name = HeaderName::from_static(name);
            answer.headers_mut().insert(name, HeaderValue::from(value));
        }
        answer
    }
}

/// A header's text; what is no text is shown as such, so that it is refused by its length or kept as it looks.
fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
}

/// The fault's name for the journal: of its ending, else of its delay.
fn name_of(fault: &RequestFault) -> Option<&'static str> {
    let names = [
        (fault.hang, "hang"),
        (fault.status.is_some(), "status"),
        (fault.drop_after_execute, "dropAfterExecute"),
        (fault.latency_ms > 0, "latencyMs"),
    ];
    names
        .into_iter()
        .find_map(|(is_on, name)| is_on.then_some(name))
}
