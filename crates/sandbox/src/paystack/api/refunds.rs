//! `POST /refund`, `GET /refund`, `GET /refund/:id` and `POST /refund/retry_with_customer_details/:id`.

use std::sync::Arc;

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::number;
use crate::paystack::account::Account;
use crate::paystack::body::Fields;
use crate::paystack::error::Refusal;
use crate::paystack::operation::Operation;
use crate::paystack::query::Query;
use crate::paystack::refunds::RefundAsk;
use crate::paystack::transactions::Wanted;
use crate::paystack::visit::{Call, Done, serve};

/// `POST /refund`: queued, and not idempotent.
pub async fn create(account: Data<Account>, request: HttpRequest, body: Payload) -> HttpResponse {
    serve(
        account.into_inner(),
        Operation::Refund,
        request,
        body,
        create_now,
    )
    .await
}

fn create_now(account: &Arc<Account>, call: &Call) -> Result<Done, Refusal> {
    let ask = read(&call.fields()?)?;
    let refunded = account.refund(ask, &call.fault)?;
    let refund = &refunded.refund;
    let shown = refund.created_json(&refunded.transaction, account.domain());
    let done = Done::of("Refund has been queued for processing", shown);
    Ok(done
        .about(&refund.id)
        .about(&refund.reference)
        .telling(refunded.first_try))
}

fn read(fields: &Fields) -> Result<RefundAsk, Refusal> {
    let owned = |name| Ok::<_, Refusal>(fields.text(name)?.map(str::to_owned));
    let transaction = match fields.get("transaction") {
        Some(Value::Number(number)) => number.to_string(),
        _ => fields.required("transaction")?.to_owned(),
    };
    Ok(RefundAsk {
        transaction,
        amount: fields.amount("amount")?,
        currency: owned("currency")?,
        customer_note: owned("customer_note")?,
        merchant_note: owned("merchant_note")?,
    })
}

/// `GET /refund`: of all transactions or of one, given by its number.
pub async fn list(account: Data<Account>, request: HttpRequest, body: Payload) -> HttpResponse {
    serve(
        account.into_inner(),
        Operation::ListRefunds,
        request,
        body,
        list_now,
    )
    .await
}

fn list_now(account: &Arc<Account>, call: &Call) -> Result<Done, Refusal> {
    let (query, page) = (&call.query, call.query.page());
    // A reference is the number of no transaction, so that nothing is found.
    let number = |text: &str| text.parse().unwrap_or(0);
    let transaction = query.get("transaction").map(number);
    let (rows, total) = account.refunds(transaction, &time(query)?, page);
    let domain = account.domain();
    let shown: Vec<Value> = rows.iter().map(|row| row.listed_json(domain)).collect();
    Ok(Done::list(
        "Refunds retrieved",
        shown,
        page.meta(total, None),
    ))
}

/// The wanted time of a list.
pub fn time(query: &Query) -> Result<Wanted, Refusal> {
    Ok(Wanted {
        from: query.time("from")?,
        to: query.time("to")?,
        status: None,
    })
}

/// `GET /refund/:id`: by the refund's own number.
pub async fn fetch(
    account: Data<Account>,
    request: HttpRequest,
    id: Path<String>,
    body: Payload,
) -> HttpResponse {
    let work = move |account: &Arc<Account>, _: &Call| -> Result<Done, Refusal> {
        let found = account.refund_by_id(number(&id, "Refund")?);
        let refund = found.ok_or(Refusal::not_found("Refund not found"))?;
        let shown = refund.fetched_json(account.domain());
        Ok(Done::of("Refund retrieved", shown).about(&refund.id))
    };
    serve(
        account.into_inner(),
        Operation::FetchRefund,
        request,
        body,
        work,
    )
    .await
}

/// `POST /refund/retry_with_customer_details/:id`: only for one that needs attention.
pub async fn retry(
    account: Data<Account>,
    request: HttpRequest,
    id: Path<String>,
    body: Payload,
) -> HttpResponse {
    let work = move |account: &Arc<Account>, call: &Call| -> Result<Done, Refusal> {
        let id = number(&id, "Refund")?;
        check_details(&call.fields()?)?;
        let (refund, first_try) = account.retry_refund(id, &call.fault)?;
        let shown = refund.retried_json(account.domain());
        let done = Done::of("Refund retried and has been queued for processing", shown);
        Ok(done.about(&id).telling(first_try))
    };
    serve(
        account.into_inner(),
        Operation::RetryRefund,
        request,
        body,
        work,
    )
    .await
}

/// The account to which the money is sent must be given whole.
fn check_details(fields: &Fields) -> Result<(), Refusal> {
    let details = fields.get("refund_account_details");
    let is_given = |name: &&str| {
        let text = details.and_then(|details| details.get(*name)?.as_str());
        text.is_some_and(|text| !text.is_empty())
    };
    match ["currency", "account_number", "bank_id"]
        .iter()
        .find(|name| !is_given(name))
    {
        None => Ok(()),
        Some(missing) => Err(Refusal::invalid(
            "missing_params",
            format!("refund_account_details.{missing} is required"),
        )),
    }
}
