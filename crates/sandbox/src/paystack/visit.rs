//! A request from the gate to the answer.
//!
//! What a request does, it does whole: a client that hangs up does not stop it, as with the vendor. Only what has to wait
//! is given to a task of its own for that; everything else is done before anything could stop it.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;

use super::account::Account;
use super::body::Fields;
use super::error::Refusal;
use super::gate;
use super::operation::Operation;
use super::query::Query;
use crate::faults::PaystackFault;
use crate::journal::{Outcome, RequestFact};
use crate::rate_limit::Standing;
use crate::server::no_answer;

/// A request's body: generous for everything but files.
const BODY_MAX: usize = 256 * 1024;
/// How long a request without an answer is held.
const HANG: Duration = Duration::from_secs(120);

/// What a request brings.
#[derive(Debug)]
pub struct Call {
    /// Its query.
    pub query: Query,
    /// How it goes wrong.
    pub fault: PaystackFault,
    media_type: String,
    body: Bytes,
}

/// What a request came to.
#[derive(Debug)]
pub struct Done {
    /// What it is about, for the journal.
    pub ids: Vec<String>,
    /// The answer.
    pub body: Vec<u8>,
    /// End when the shop was told once of what happened.
    pub first_tries: Vec<oneshot::Receiver<()>>,
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    status: bool,
    message: &'a str,
    data: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Value>,
}

impl Call {
    /// The fields of its body.
    ///
    /// # Errors
    /// The body cannot be read.
    pub fn fields(&self) -> Result<Fields, Refusal> {
        Fields::read(&self.media_type, &self.body)
    }
}

impl Done {
    /// It worked, and this is to be shown.
    #[must_use]
    pub fn of(message: &str, data: impl Serialize) -> Self {
        Self::write(message, data, None)
    }

    /// A list of which something is to be said.
    #[must_use]
    pub fn list(message: &str, data: impl Serialize, meta: Value) -> Self {
        Self::write(message, data, Some(meta))
    }

    fn write(message: &str, data: impl Serialize, meta: Option<Value>) -> Self {
        let envelope = Envelope {
            status: true,
            message,
            data,
            meta,
        };
        Self {
            ids: Vec::new(),
            // Plain structs with text for keys always become JSON.
            body: serde_json::to_vec(&envelope).unwrap_or_default(),
            first_tries: Vec::new(),
        }
    }

    /// What it is about.
    #[must_use]
    pub fn about(mut self, id: &impl ToString) -> Self {
        self.ids.push(id.to_string());
        self
    }

    /// The shop is told.
    #[must_use]
    pub fn telling(mut self, first_try: Option<oneshot::Receiver<()>>) -> Self {
        self.first_tries.extend(first_try);
        self
    }
}

/// Serves a request to the vendor's API: `work` does what is asked, or says why not.
pub async fn serve<W>(
    account: Arc<Account>,
    operation: Operation,
    request: HttpRequest,
    body: Payload,
    work: W,
) -> HttpResponse
where
    W: FnOnce(&Arc<Account>, &Call) -> Result<Done, Refusal> + Send + 'static,
{
    let passage = gate::pass(&account, &request);
    let visit = Visit {
        account,
        operation,
        traceparent: text_of(request.headers(), "traceparent"),
        standing: passage.standing,
    };
    if let Err(refusal) = passage.verdict {
        return visit.refuse(&refusal);
    }
    let fault = visit.account.fault(operation);
    if let Some(refusal) = suffer(&visit.account, operation, &fault).await {
        return refusal.map_or_else(no_answer, |refusal| visit.respond(&refusal));
    }
    let body = match body.to_bytes_limited(BODY_MAX).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return visit.refuse(&Refusal::params("The request body cannot be read")),
        Err(_) => return visit.refuse(&Refusal::params("The request body is too large")),
    };
    let call = Call {
        query: Query::read(request.query_string()),
        media_type: text_of(request.headers(), CONTENT_TYPE.as_str()).unwrap_or_default(),
        body,
        fault,
    };
    visit.execute(call, work).await
}

/// A request, and what is known of it.
struct Visit {
    account: Arc<Account>,
    operation: Operation,
    traceparent: Option<String>,
    standing: Option<Standing>,
}

impl Visit {
    async fn execute<W>(self, call: Call, work: W) -> HttpResponse
    where
        W: FnOnce(&Arc<Account>, &Call) -> Result<Done, Refusal> + Send + 'static,
    {
        let runtime = self.account.runtime.clone();
        if call.fault.latency_ms == 0 && !call.fault.webhook_first {
            let outcome = self.work(&call, work);
            return self.answer(&call.fault, outcome.map(|done| done.body));
        }
        let task = runtime.spawn(async move {
            tokio::time::sleep(Duration::from_millis(call.fault.latency_ms)).await;
            let outcome = match self.work(&call, work) {
                Ok(done) => Ok(first_told(&call.fault, done).await),
                Err(refusal) => Err(refusal),
            };
            (self, call.fault, outcome)
        });
        match task.await {
            Ok((visit, fault, outcome)) => visit.answer(&fault, outcome),
            Err(panicked) => {
                tracing::error!(cause = %panicked, "a request could not be executed");
                Refusal::injected(500, None, None).respond()
            }
        }
    }

    /// Does what is asked; what became of it is in the journal before this returns.
    fn work<W>(&self, call: &Call, work: W) -> Result<Done, Refusal>
    where
        W: FnOnce(&Arc<Account>, &Call) -> Result<Done, Refusal>,
    {
        let is_answered = !call.fault.drop_after_execute;
        let outcome = work(&self.account, call);
        let fact = match &outcome {
            Ok(done) => RequestFact {
                ids: done.ids.clone(),
                ..self.fact(Outcome::Executed, Some(200))
            },
            Err(refusal) => RequestFact {
                error: Some(refusal.name()),
                ..self.fact(Outcome::Refused, Some(refusal.status.as_u16()))
            },
        };
        self.account.note(RequestFact {
            status: fact.status.filter(|_| is_answered),
            fault: call.fault.name(),
            ..fact
        });
        outcome
    }

    fn answer(&self, fault: &PaystackFault, outcome: Result<Vec<u8>, Refusal>) -> HttpResponse {
        if fault.drop_after_execute {
            return no_answer();
        }
        match outcome {
            Ok(body) => HttpResponse::Ok()
                .content_type("application/json; charset=utf-8")
                .body(body),
            Err(refusal) => self.respond(&refusal),
        }
    }

    fn fact(&self, outcome: Outcome, status: Option<u16>) -> RequestFact<'_> {
        RequestFact {
            operation: self.operation.name(),
            outcome,
            status,
            error: None,
            idempotency_key: None,
            traceparent: self.traceparent.as_deref(),
            ids: Vec::new(),
            fault: None,
        }
    }

    /// Writes a refusal down and answers with it.
    fn refuse(&self, refusal: &Refusal) -> HttpResponse {
        self.account.note(RequestFact {
            error: Some(refusal.name()),
            ..self.fact(Outcome::Refused, Some(refusal.status.as_u16()))
        });
        self.respond(refusal)
    }

    fn respond(&self, refusal: &Refusal) -> HttpResponse {
        let mut answer = refusal.respond();
        if refusal.status == StatusCode::TOO_MANY_REQUESTS {
            let (limit, reset) = match self.standing {
                Some(standing) => (standing.limit, standing.reset_secs),
                // A fault says so, not the limit.
                None => (100, 60),
            };
            for (name, value) in [
                ("x-ratelimit-limit", limit),
                ("x-ratelimit-remaining", 0),
                ("x-ratelimit-reset", reset),
            ] {
                let name = HeaderName::from_static(name);
                answer.headers_mut().insert(name, HeaderValue::from(value));
            }
        }
        answer
    }
}

/// Waits until the shop was told once, if a fault says so, and gives the answer.
pub async fn first_told(fault: &PaystackFault, done: Done) -> Vec<u8> {
    if fault.webhook_first {
        for first_try in done.first_tries {
            // A webhook that is never tried does not hold up the answer.
            let _ = first_try.await;
        }
    }
    done.body
}

impl Account {
    /// The fault that hits an operation this time; the hit is counted.
    pub fn fault(&self, operation: Operation) -> PaystackFault {
        let fault = self
            .faults
            .take(|plan| plan.paystack.as_mut()?.0.get_mut(&operation));
        fault.unwrap_or_default()
    }
}

/// The faults that keep an operation from being executed: a refusal, or no answer at all after a long time.
pub async fn suffer(
    account: &Account,
    operation: Operation,
    fault: &PaystackFault,
) -> Option<Option<Refusal>> {
    let note = |outcome, status, error| {
        account.note(RequestFact {
            operation: operation.name(),
            outcome,
            status,
            error,
            idempotency_key: None,
            traceparent: None,
            ids: Vec::new(),
            fault: fault.name(),
        });
    };
    if fault.hang {
        note(Outcome::Hung, None, None);
        tokio::select! {
            () = tokio::time::sleep(HANG) => {}
            () = account.shutdown.cancelled() => {}
        }
        return Some(None);
    }
    let refusal = Refusal::injected(fault.status?, fault.code.as_deref(), fault.html);
    note(Outcome::Refused, fault.status, Some(refusal.name()));
    tokio::time::sleep(Duration::from_millis(fault.latency_ms)).await;
    Some(Some(refusal))
}

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
}
