//! `GET /settlement`, `GET /settlement/:id/transactions` and `GET /balance`.

use std::sync::Arc;

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::number;
use super::refunds::time;
use super::transactions::{shown, volume};
use crate::paystack::account::Account;
use crate::paystack::error::Refusal;
use crate::paystack::operation::Operation;
use crate::paystack::visit::{Call, Done, serve};

/// `GET /settlement`.
pub async fn list(account: Data<Account>, request: HttpRequest, body: Payload) -> HttpResponse {
    serve(
        account.into_inner(),
        Operation::ListSettlements,
        request,
        body,
        list_now,
    )
    .await
}

fn list_now(account: &Arc<Account>, call: &Call) -> Result<Done, Refusal> {
    let (query, page) = (&call.query, call.query.page());
    // Every settlement here goes to the account itself.
    let (rows, total) = if query.get("subaccount").is_some_and(|name| name != "none") {
        (Vec::new(), 0)
    } else {
        account.settlements(query.get("status"), &time(query)?, page)
    };
    let domain = account.domain();
    let rows: Vec<Value> = rows.iter().map(|row| row.to_json(domain)).collect();
    Ok(Done::list(
        "Settlements retrieved",
        rows,
        page.meta(total, None),
    ))
}

/// `GET /settlement/:id/transactions`.
pub async fn transactions(
    account: Data<Account>,
    request: HttpRequest,
    id: Path<String>,
    body: Payload,
) -> HttpResponse {
    let work = move |account: &Arc<Account>, call: &Call| -> Result<Done, Refusal> {
        let (page, tamper) = (call.query.page(), call.fault.tamper());
        let found = account.settled(number(&id, "Settlement")?, page.skip(), page.size);
        let (rows, total) = found.ok_or(Refusal::not_found("Settlement not found"))?;
        let meta = page.meta(total, Some(volume(&rows, &tamper)));
        let rows = shown(&rows, account.domain(), &tamper);
        Ok(Done::list("Transactions retrieved", rows, meta).about(&id))
    };
    let account = account.into_inner();
    serve(
        account,
        Operation::SettlementTransactions,
        request,
        body,
        work,
    )
    .await
}

/// `GET /balance`.
pub async fn balance(account: Data<Account>, request: HttpRequest, body: Payload) -> HttpResponse {
    let work = |account: &Arc<Account>, _: &Call| -> Result<Done, Refusal> {
        let open = account.balances().into_iter();
        let shown: Vec<Value> = open
            .map(|(currency, balance)| json!({"currency": currency.code(), "balance": balance}))
            .collect();
        Ok(Done::of("Balances retrieved", shown))
    };
    serve(
        account.into_inner(),
        Operation::Balance,
        request,
        body,
        work,
    )
    .await
}
