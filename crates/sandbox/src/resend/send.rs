//! Executing `POST /emails` and `POST /emails/batch`.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Account;
use super::address;
use super::error::Refusal;
use super::idempotency::{Claim, Fingerprint};
use super::message::{Message, Sent};
use crate::journal::{Outcome, RequestFact};

/// Mails in a batch at most.
const BATCH_MAX: usize = 100;
/// Characters of an idempotency key at most.
const KEY_MAX: usize = 256;

/// What a request asks for, as faults and the journal name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `POST /emails`.
    Send,
    /// `POST /emails/batch`.
    Batch,
    /// `GET /emails/:id`.
    Get,
    /// Something that is not offered here.
    Unknown,
}

impl Operation {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Batch => "batch",
            Self::Get => "get",
            Self::Unknown => "unknown",
        }
    }
}

/// What a batch with a bad mail in it comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validation {
    /// Nothing is sent.
    Strict,
    /// The good ones are sent.
    Permissive,
}

/// A request to send.
#[derive(Debug)]
pub struct Call {
    /// One mail or a batch.
    pub operation: Operation,
    /// The header `Idempotency-Key`, if there was one.
    pub key: Option<String>,
    /// The header `traceparent`, if there was one.
    pub traceparent: Option<String>,
    /// The header `x-batch-validation`, if there was one.
    pub validation: Option<String>,
    /// The body as it came.
    pub body: Bytes,
    /// How much longer it takes.
    pub latency: Duration,
    /// The fault that hit it.
    pub fault: Option<&'static str>,
    /// The status of the answer, if one will be given.
    pub status: Option<u16>,
}

impl Call {
    fn fact(&self, outcome: Outcome) -> RequestFact<'_> {
        RequestFact {
            operation: self.operation.name(),
            outcome,
            status: self.status,
            error: None,
            idempotency_key: self.key.as_deref(),
            traceparent: self.traceparent.as_deref(),
            ids: Vec::new(),
            fault: self.fault,
        }
    }
}

/// Sends, or says why not. What became of it is in the journal before this returns.
///
/// # Errors
/// The refusal to answer with.
pub async fn execute(account: Arc<Account>, call: Call) -> Result<Arc<Value>, Refusal> {
    let outcome = attempt(&account, &call).await;
    if let Err(refusal) = &outcome {
        account.note(RequestFact {
            status: call.status.map(|_| refusal.status.as_u16()),
            error: Some(&refusal.name),
            ..call.fact(Outcome::Refused)
        });
    }
    outcome
}

async fn attempt(account: &Arc<Account>, call: &Call) -> Result<Arc<Value>, Refusal> {
    let body: Value = serde_json::from_slice(&call.body)
        .map_err(|_malformed| Refusal::bad_request("The request body must be valid JSON."))?;
    let held = match &call.key {
        None => None,
        Some(key) => match claim(account, call, key, &body)? {
            Claimed::Held(held) => Some(held),
            Claimed::Answered(answer) => return Ok(answer),
        },
    };
    tokio::time::sleep(call.latency).await;
    let parsed = parse(account, call, &body)?;
    let answer = parsed.answer;
    let accepted = account.accept(call.fact(Outcome::Executed), parsed.messages, |ids| {
        answer.with(ids)
    });
    if let Some(held) = held {
        held.keep();
    }
    Ok(accepted)
}

/// A key in use. It is released unless the request had its effect, even if the task ends in a panic.
struct Held<'a> {
    account: &'a Account,
    key: Option<&'a str>,
}

impl Held<'_> {
    /// The key was settled.
    fn keep(mut self) {
        self.key = None;
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.account.release(key);
        }
    }
}

enum Claimed<'a> {
    Held(Held<'a>),
    Answered(Arc<Value>),
}

fn claim<'a>(
    account: &'a Account,
    call: &Call,
    key: &'a str,
    body: &Value,
) -> Result<Claimed<'a>, Refusal> {
    if !(1..=KEY_MAX).contains(&key.chars().count()) {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "invalid_idempotency_key",
            "Idempotency keys, if present, must have between 1 and 256 characters.",
        ));
    }
    let conflict = |name, message| Err(Refusal::new(StatusCode::CONFLICT, name, message));
    match account.claim(key, Fingerprint::of(call.operation.name(), body)) {
        Claim::Fresh => Ok(Claimed::Held(Held {
            account,
            key: Some(key),
        })),
        Claim::Replay(answer) => {
            account.note(RequestFact {
                ids: ids_in(&answer),
                ..call.fact(Outcome::Replayed)
            });
            Ok(Claimed::Answered(answer))
        }
        Claim::OtherPayload => conflict(
            "invalid_idempotent_request",
            "This idempotency key has been used on a request with a different payload.",
        ),
        Claim::InFlight => conflict(
            "concurrent_idempotent_requests",
            "A request with this idempotency key is still in progress.",
        ),
    }
}

fn ids_in(answer: &Value) -> Vec<String> {
    let many = answer.get("data").and_then(Value::as_array);
    let all = many.into_iter().flatten().chain([answer]);
    all.filter_map(|one| one.get("id")?.as_str())
        .map(str::to_owned)
        .collect()
}

/// Mails that are good to send, and the answer once they have ids.
struct Parsed {
    messages: Vec<Message>,
    answer: Answer,
}

enum Answer {
    One,
    Many,
    /// Those that were not sent are named beside those that were.
    ManyAndErrors(Vec<Value>),
}

impl Answer {
    fn with(self, ids: &[Uuid]) -> Value {
        let data: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
        match self {
            Self::One => data.into_iter().next().unwrap_or_default(),
            Self::Many => json!({"data": data}),
            Self::ManyAndErrors(errors) => json!({"data": data, "errors": errors}),
        }
    }
}

fn parse(account: &Account, call: &Call, body: &Value) -> Result<Parsed, Refusal> {
    if call.operation == Operation::Batch {
        return parse_batch(account, call, body);
    }
    let message = read(account, body, Sent::Alone)?;
    Ok(Parsed {
        messages: vec![message],
        answer: Answer::One,
    })
}

fn parse_batch(account: &Account, call: &Call, body: &Value) -> Result<Parsed, Refusal> {
    let validation = match call.validation.as_deref() {
        None | Some("strict") => Validation::Strict,
        Some("permissive") => Validation::Permissive,
        Some(_) => {
            return Err(Refusal::invalid(
                "The `x-batch-validation` header must be `strict` or `permissive`.",
            ));
        }
    };
    let list = body
        .as_array()
        .ok_or_else(|| Refusal::invalid("A batch must be an array of emails."))?;
    if !(1..=BATCH_MAX).contains(&list.len()) {
        return Err(Refusal::invalid(format!(
            "A batch must have between 1 and {BATCH_MAX} emails."
        )));
    }
    let (mut messages, mut errors) = (Vec::with_capacity(list.len()), Vec::new());
    for (index, value) in list.iter().enumerate() {
        match (read(account, value, Sent::InBatch), validation) {
            (Ok(message), _) => messages.push(message),
            (Err(refusal), Validation::Strict) => return Err(refusal),
            (Err(refusal), Validation::Permissive) => {
                errors.push(json!({"index": index, "message": refusal.message}));
            }
        }
    }
    let answer = match validation {
        Validation::Strict => Answer::Many,
        Validation::Permissive => Answer::ManyAndErrors(errors),
    };
    Ok(Parsed { messages, answer })
}

fn read(account: &Account, value: &Value, sent: Sent) -> Result<Message, Refusal> {
    let message = Message::read(value, sent, account.now())?;
    let from = address::bare(&message.from).unwrap_or_default();
    let (domain, verified) = (address::domain(&from), &account.settings.domains);
    if verified.is_empty() || verified.iter().any(|one| one.eq_ignore_ascii_case(domain)) {
        return Ok(message);
    }
    Err(Refusal::new(
        StatusCode::FORBIDDEN,
        "validation_error",
        format!(
            "The {domain} domain is not verified. Please, add and verify your domain on https://resend.com/domains"
        ),
    ))
}
