//! `GET /transaction`, `GET /transaction/:id` and `GET /transaction/verify/:reference`.

use std::sync::Arc;

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{json, to_value};

use super::number;
use crate::paystack::account::Account;
use crate::paystack::error::Refusal;
use crate::paystack::key::Domain;
use crate::paystack::operation::Operation;
use crate::paystack::show::{Row, Tamper, Verified};
use crate::paystack::transaction::Transaction;
use crate::paystack::visit::{Call, Done, serve};

/// `GET /transaction/verify/:reference`: found for every known reference, paid or not.
pub async fn verify(
    account: Data<Account>,
    request: HttpRequest,
    reference: Path<String>,
    body: Payload,
) -> HttpResponse {
    let reference = reference.into_inner();
    let work = move |account: &Arc<Account>, call: &Call| -> Result<Done, Refusal> {
        if reference.is_empty() {
            return Err(Refusal::params("Transaction ID should be numeric."));
        }
        let found = account.by_reference(&reference);
        let transaction = found.ok_or_else(|| {
            Refusal::invalid("transaction_not_found", "Transaction reference not found.")
        })?;
        let tamper = call.fault.tamper();
        let shown = Verified::of(&transaction, account.domain(), &tamper);
        Ok(Done::of("Verification successful", shown).about(&reference))
    };
    serve(account.into_inner(), Operation::Verify, request, body, work).await
}

/// `GET /transaction/:id`: by number, not by reference.
pub async fn fetch(
    account: Data<Account>,
    request: HttpRequest,
    id: Path<String>,
    body: Payload,
) -> HttpResponse {
    let work = move |account: &Arc<Account>, call: &Call| -> Result<Done, Refusal> {
        let found = account.by_id(number(&id, "Transaction")?);
        let transaction = found.ok_or(Refusal::not_found("Transaction not found"))?;
        let tamper = call.fault.tamper();
        let shown = Row::of(&transaction, account.domain(), &tamper);
        Ok(Done::of("Transaction retrieved", shown).about(&transaction.reference))
    };
    let account = account.into_inner();
    serve(account, Operation::FetchTransaction, request, body, work).await
}

/// `GET /transaction`: the newest first, by page or by cursor.
pub async fn list(account: Data<Account>, request: HttpRequest, body: Payload) -> HttpResponse {
    let account = account.into_inner();
    serve(
        account,
        Operation::ListTransactions,
        request,
        body,
        list_now,
    )
    .await
}

fn list_now(account: &Arc<Account>, call: &Call) -> Result<Done, Refusal> {
    let (query, tamper) = (&call.query, call.fault.tamper());
    let page = query.page();
    let cursor = query.cursor()?;
    let (rows, meta) = match (query.wanted()?, cursor) {
        (None, Some(_)) => (
            Vec::new(),
            json!({"next": null, "previous": "null", "perPage": page.size}),
        ),
        (None, None) => (Vec::new(), page.meta(0, Some(0))),
        (Some(wanted), Some(cursor)) => {
            let (rows, meta) = account.transactions_from(&wanted, cursor, page.size);
            (rows, to_value(meta).unwrap_or_default())
        }
        (Some(wanted), None) => {
            let (rows, total) = account.transactions(&wanted, page);
            let meta = page.meta(total, Some(volume(&rows, &tamper)));
            (rows, meta)
        }
    };
    let shown = shown(&rows, account.domain(), &tamper);
    Ok(Done::list("Transactions retrieved", shown, meta))
}

/// Transactions as rows of a list.
pub fn shown<'a>(rows: &'a [Arc<Transaction>], domain: Domain, tamper: &'a Tamper) -> Vec<Row<'a>> {
    rows.iter()
        .map(|row| Row::of(row, domain, tamper))
        .collect()
}

/// The sum of what is on a page, whatever its currencies: so the vendor says it.
pub fn volume(rows: &[Arc<Transaction>], tamper: &Tamper) -> i64 {
    rows.iter()
        .map(|row| row.amount.saturating_add(tamper.amount_delta))
        .fold(0, i64::saturating_add)
}
