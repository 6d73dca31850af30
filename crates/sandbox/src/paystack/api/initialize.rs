//! `POST /transaction/initialize`.

use std::sync::Arc;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use money::Currency;
use serde_json::{Value, json};
use url::Url;

use crate::paystack::account::Account;
use crate::paystack::amount;
use crate::paystack::body::Fields;
use crate::paystack::charge::{Attempt, Outcome};
use crate::paystack::error::Refusal;
use crate::paystack::metadata;
use crate::paystack::operation::Operation;
use crate::paystack::transaction::{Ask, Channel};
use crate::paystack::visit::{Call, Done, serve};
use crate::resend::address;

/// Characters of a reference at most. The vendor's own limit is not known.
const REFERENCE_MAX: usize = 200;

/// `POST /transaction/initialize`.
pub async fn initialize(
    account: Data<Account>,
    request: HttpRequest,
    body: Payload,
) -> HttpResponse {
    let account = account.into_inner();
    serve(account, Operation::Initialize, request, body, execute).await
}

fn execute(account: &Arc<Account>, call: &Call) -> Result<Done, Refusal> {
    let ask = read(&call.fields()?, &account.settings.currencies)?;
    let transaction = account.initialize(ask)?;
    let mut first_try = None;
    if call.fault.webhook_first {
        let attempt = Attempt::by(transaction.channel, Outcome::Success);
        let attempted = account.attempt(transaction.id, &attempt, &call.fault);
        first_try = attempted.ok().and_then(|attempted| attempted.first_try);
    }
    let data = json!({
        "authorization_url": account.checkout_url(&transaction.access_code),
        "access_code": &*transaction.access_code,
        "reference": &*transaction.reference,
    });
    let done = Done::of("Authorization URL created", data);
    Ok(done.about(&transaction.reference).telling(first_try))
}

fn read(fields: &Fields, enabled: &[Currency]) -> Result<Ask, Refusal> {
    let email = email(fields)?;
    let currency = currency(fields, enabled)?;
    let amount = fields.amount("amount")?.ok_or_else(amount::invalid)?;
    let amount = amount::chargeable(amount, currency);
    if amount == 0 {
        return Err(amount::invalid());
    }
    Ok(Ask {
        email,
        amount,
        currency,
        reference: reference(fields)?,
        callback_url: callback_url(fields)?,
        channels: channels(fields)?,
        metadata: metadata::read(fields.get("metadata")),
    })
}

/// The vendor does not take the domains of local networks either.
fn email(fields: &Fields) -> Result<String, Refusal> {
    let given = fields.get("email").and_then(Value::as_str);
    let text = given.map(str::trim).unwrap_or_default();
    if text.is_empty() {
        return Err(Refusal::invalid(
            "missing_params",
            "Email Address is required",
        ));
    }
    let is_bare = |bare: &String| text.eq_ignore_ascii_case(bare) && !bare.ends_with(".local");
    let problem = || Refusal::invalid("invalid_email_address", "Invalid Email Address Passed");
    address::bare(text).filter(is_bare).ok_or_else(problem)
}

fn currency(fields: &Fields, enabled: &[Currency]) -> Result<Currency, Refusal> {
    let usual = enabled.first().copied();
    let given = match fields.text("currency")? {
        None => usual,
        Some(code) => enabled.iter().find(|one| one.code() == code).copied(),
    };
    given.ok_or_else(|| Refusal::params("Currency not supported by merchant"))
}

/// What is documented (letters, digits, `-`, `.`, `=`) and what was only seen to be taken (`_`).
fn reference(fields: &Fields) -> Result<Option<String>, Refusal> {
    let Some(text) = fields.text("reference")? else {
        return Ok(None);
    };
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '=' | '_');
    if text.len() > REFERENCE_MAX || !text.chars().all(is_allowed) {
        return Err(Refusal::params(
            "Transaction reference contains invalid characters. Only -, ., = and alphanumeric characters are allowed",
        ));
    }
    Ok(Some(text.to_owned()))
}

fn callback_url(fields: &Fields) -> Result<Option<String>, Refusal> {
    let Some(text) = fields.text("callback_url")? else {
        return Ok(None);
    };
    let url = Url::parse(text).ok();
    let is_web = |url: &Url| matches!(url.scheme(), "http" | "https");
    let problem = || Refusal::params("\"callback_url\" must be a valid uri");
    url.filter(is_web).ok_or_else(problem)?;
    Ok(Some(text.to_owned()))
}

fn channels(fields: &Fields) -> Result<Vec<Channel>, Refusal> {
    match fields.get("channels") {
        None => Ok(Vec::new()),
        Some(list) => serde_json::from_value(list.clone())
            .map_err(|error| Refusal::params(format!("\"channels\" is invalid: {error}"))),
    }
}
