//! The page where a customer pays: hosted here as the vendor hosts it, and without scripts.
//!
//! The page shows where its transaction stands. A form changes that and leads back to the page, to the shop once it is
//! paid, or to the shop's own place for those who cancel.

mod form;
mod page;

use std::time::Duration;

use actix_web::http::header::LOCATION;
use actix_web::web::{Bytes, Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use url::{Url, form_urlencoded};

use super::account::Account;
use super::charge::{Attempt, Attempted, Unpayable};
use super::facts::TransactionFact;
use super::metadata;
use super::operation::Operation;
use super::transaction::{Status, Transaction};
use super::visit::suffer;
use crate::faults::PaystackFault;
use crate::server::no_answer;
use form::{Form, Step};

/// What a page is told about how it was reached.
#[derive(Debug, Deserialize)]
pub struct View {
    cancelled: Option<String>,
}

/// `GET /checkout/:access_code`: where the transaction stands, and how it can be paid.
pub async fn show(account: Data<Account>, code: Path<String>, view: Query<View>) -> HttpResponse {
    match account.by_access_code(&code) {
        Some(transaction) => page::show(&transaction, view.cancelled.is_some()),
        None => page::unknown(),
    }
}

/// `POST /checkout/:access_code/pay`: a step towards the payment.
pub async fn pay(
    account: Data<Account>,
    request: HttpRequest,
    code: Path<String>,
    body: Bytes,
) -> HttpResponse {
    let account = account.into_inner();
    let Some(transaction) = account.by_access_code(&code) else {
        return page::unknown();
    };
    if transaction.status.is_paid() {
        return see_other(&page_path(&transaction));
    }
    let fault = account.fault(Operation::Complete);
    if let Some(refusal) = suffer(&account, Operation::Complete, &fault).await {
        return refusal.map_or_else(no_answer, |refusal| refusal.respond());
    }
    let form = Form::read(form_urlencoded::parse(&body));
    let attempt = match form.step(&transaction) {
        Step::Attempt(attempt) => Attempt {
            ip_address: request.peer_addr().map(|peer| peer.ip().to_string().into()),
            ..attempt
        },
        Step::Ask(question) => return page::ask(&transaction, &form, question),
    };
    let id = transaction.id;
    let runtime = account.runtime.clone();
    let is_dropped = fault.drop_after_execute;
    // A customer who closes the page does not stop it.
    let task = runtime.spawn(async move { take_time(&account, id, &attempt, &fault).await });
    match task.await {
        Ok(_) if is_dropped => no_answer(),
        Ok(Ok(attempted)) => after(&attempted.transaction),
        Ok(Err(Unpayable::Unknown)) => page::unknown(),
        Ok(Err(Unpayable::Paid | Unpayable::Channel)) | Err(_) => {
            see_other(&page_path(&transaction))
        }
    }
}

async fn take_time(
    account: &Account,
    id: u64,
    attempt: &Attempt,
    fault: &PaystackFault,
) -> Result<Attempted, Unpayable> {
    tokio::time::sleep(Duration::from_millis(fault.latency_ms)).await;
    let mut attempted = account.attempt(id, attempt, fault)?;
    if let Some(first_try) = attempted.first_try.take().filter(|_| fault.webhook_first) {
        // A webhook that is never tried does not hold up the answer.
        let _ = first_try.await;
    }
    Ok(attempted)
}

/// Paid: to the shop, if it said where it is. Otherwise back to the page.
fn after(transaction: &Transaction) -> HttpResponse {
    let shop = (transaction.status == Status::Success).then(|| callback(transaction));
    let place = shop.flatten().unwrap_or_else(|| page_path(transaction));
    see_other(&place)
}

/// `POST /checkout/:access_code/cancel`: the customer goes away. The transaction stays as it is: nobody knows whether the
/// customer comes back.
pub async fn cancel(account: Data<Account>, code: Path<String>) -> HttpResponse {
    let Some(transaction) = account.by_access_code(&code) else {
        return page::unknown();
    };
    if transaction.status.is_paid() {
        return after(&transaction);
    }
    account.write(TransactionFact::of(&transaction, "cancelled"));
    let own = metadata::cancel_action(transaction.ask.metadata.as_deref());
    let place = own.filter(|text| web_url(text).is_some());
    let place = place.or_else(|| callback(&transaction));
    see_other(&place.unwrap_or_else(|| format!("{}?cancelled=1", page_path(&transaction))))
}

/// The shop's own page for those who come back, with the reference in both spellings.
fn callback(transaction: &Transaction) -> Option<String> {
    let mut url = web_url(transaction.ask.callback_url.as_deref()?)?;
    url.query_pairs_mut()
        .append_pair("trxref", &transaction.reference)
        .append_pair("reference", &transaction.reference);
    Some(url.into())
}

/// An address on the web; nobody is sent anywhere else.
fn web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

fn page_path(transaction: &Transaction) -> String {
    format!("/checkout/{}", transaction.access_code)
}

fn see_other(place: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, place))
        .finish()
}
