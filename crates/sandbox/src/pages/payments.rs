//! The transactions at the payment vendor, for people.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use minijinja::{Value, context};
use serde::Deserialize;

use super::{page, shown};
use crate::paystack::Account;
use crate::paystack::amount;
use crate::paystack::transaction::Transaction;

/// Transactions on the list at most.
const LISTED_MAX: usize = 200;

/// What the list is narrowed to.
#[derive(Debug, Deserialize)]
pub struct PaymentsQuery {
    #[serde(default)]
    q: String,
    live: Option<String>,
}

/// `GET /payments`: the newest transactions, where they stand, and where they can be paid.
pub async fn list(account: Data<Account>, query: Query<PaymentsQuery>) -> HttpResponse {
    let wanted = query.q.trim().to_lowercase();
    let (transactions, total) = account.newest_transactions(&wanted, LISTED_MAX);
    let rows: Vec<Value> = transactions.iter().map(|one| summary(one)).collect();
    let context = context! {
        payments => rows,
        text => &query.q,
        is_live => query.live.is_some(),
        total,
    };
    page("payments.html", context)
}

fn summary(transaction: &Transaction) -> Value {
    context! {
        code => &*transaction.access_code,
        reference => &*transaction.reference,
        email => &transaction.ask.email,
        amount => amount::shown(transaction.amount, transaction.currency),
        status => transaction.status.name(),
        channel => transaction.channel.name().replace('_', " "),
        time => shown(transaction.created_at),
    }
}
