//! The URL table.

use chassis::openapi::Tokens;
use messaging::replay::replay_events;
use utoipa::OpenApi as _;
use utoipa_actix_web::AppExt as _;

use crate::http::accept_dispute::accept_dispute;
use crate::http::contest_dispute::contest_dispute;
use crate::http::get_dispute::get_dispute;
use crate::http::get_payment::get_payment;
use crate::http::get_personal_data::get_personal_data;
use crate::http::get_trial_balance::get_trial_balance;
use crate::http::hear_paystack::hear_paystack;
use crate::http::initialize_payment::initialize_payment;
use crate::http::list_disputes::list_disputes;
use crate::http::list_ledger_entries::list_ledger_entries;
use crate::http::list_payments::list_payments;
use crate::http::list_payments_of_order::list_payments_of_order;
use crate::http::list_refunds::list_refunds;
use crate::http::refund_order::refund_order;
use crate::http::refund_payment::refund_payment;
use crate::http::return_from_gateway::return_from_gateway;
use crate::http::verify_payment::verify_payment;
use crate::http::verify_reference::verify_reference;

common::route_table! {
/// Everything that can be asked of the service.
fn configure(config) {
    config
        .service(scope("/api/v1").configure(public).configure(administration))
        .service(scope("/internal").configure(internal));
}

/// What buyers and the provider ask, under `/api/v1`. Fixed words come before identifiers.
fn public(config) {
    config
        .service(list_payments) //                       GET    /payments
        .service(initialize_payment) //                  POST   /payments/initialize
        .service(hear_paystack) //                       POST   /payments/webhook
        .service(return_from_gateway) //                 GET    /payments/callback
        .service(verify_reference) //                    GET    /payments/verify/{reference}
        .service(get_payment) //                         GET    /payments/{id}
        .service(verify_payment) //                      POST   /payments/{id}/verify
        .service(refund_payment); //                     POST   /payments/{id}/refund
}

/// What finance asks, under `/api/v1`.
fn administration(config) {
    config
        .service(list_refunds) //                        GET    /admin/refunds
        .service(refund_order) //                        POST   /admin/refunds
        .service(list_disputes) //                       GET    /admin/disputes
        .service(get_dispute) //                         GET    /admin/disputes/{id}
        .service(contest_dispute) //                     POST   /admin/disputes/{id}/evidence
        .service(accept_dispute) //                      POST   /admin/disputes/{id}/accept
        .service(list_ledger_entries) //                 GET    /admin/ledger
        .service(get_trial_balance); //                  GET    /admin/ledger/trial-balance
}

/// What other services ask with a service token, under `/internal`. The gateway never routes it.
fn internal(config) {
    config
        .service(list_payments_of_order) //              GET    /payments/by-order/{orderId}
        .service(get_personal_data) //                   GET    /privacy/{userId}
        .service(replay_events); //                      POST   /events/replay
}
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Agape: payments",
        description = "Attempts to pay, refunds, and the books about both.",
        license(name = "MIT", identifier = "MIT"),
    ),
    modifiers(&Tokens),
)]
struct Document;

/// The OpenAPI document, made from the same table.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    actix_web::App::new()
        .into_utoipa_app()
        .openapi(Document::openapi())
        .configure(described::configure)
        .split_for_parts()
        .1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_described_and_named_once() {
        chassis::openapi::assert_described(&openapi());
    }
}
