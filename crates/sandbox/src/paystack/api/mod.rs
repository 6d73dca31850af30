//! What the vendor's API answers, endpoint by endpoint.

mod disputes;
mod initialize;
mod refunds;
mod routes;
mod settlements;
mod transactions;

pub use routes::routes;

use std::sync::Arc;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::account::Account;
use super::error::Refusal;
use super::operation::Operation;
use super::visit::{Call, Done, serve};

/// A number in a path. What is none, is refused in the vendor's words.
fn number(text: &str, what: &str) -> Result<u64, Refusal> {
    let problem = || Refusal::params(format!("{what} ID should be numeric."));
    text.parse().map_err(|_no_number| problem())
}

/// A path or method that is not offered.
async fn not_found(account: Data<Account>, request: HttpRequest, body: Payload) -> HttpResponse {
    let nothing = |_: &Arc<Account>, _: &Call| -> Result<Done, Refusal> {
        Err(Refusal::not_found("Entity not found"))
    };
    serve(
        account.into_inner(),
        Operation::Unknown,
        request,
        body,
        nothing,
    )
    .await
}
