//! The URL table.

use chassis::openapi::Tokens;
use messaging::replay::replay_events;
use utoipa::OpenApi as _;
use utoipa_actix_web::AppExt as _;

use crate::http::accept_dispute::accept_dispute;
use crate::http::begin_reconciliation::begin_reconciliation;
use crate::http::close_attention::close_attention;
use crate::http::contest_dispute::contest_dispute;
use crate::http::enter_bank_credit::enter_bank_credit;
use crate::http::export_reconciliation::export_reconciliation;
use crate::http::get_attention::get_attention;
use crate::http::get_dispute::get_dispute;
use crate::http::get_payment::get_payment;
use crate::http::get_personal_data::get_personal_data;
use crate::http::get_reconciliation::get_reconciliation;
use crate::http::get_settlement::get_settlement;
use crate::http::get_settlement_summary::get_settlement_summary;
use crate::http::get_trial_balance::get_trial_balance;
use crate::http::hear_paystack::hear_paystack;
use crate::http::import_bank_credits::import_bank_credits;
use crate::http::initialize_payment::initialize_payment;
use crate::http::list_attention::list_attention;
use crate::http::list_bank_credits::list_bank_credits;
use crate::http::list_disputes::list_disputes;
use crate::http::list_ledger_entries::list_ledger_entries;
use crate::http::list_payments::list_payments;
use crate::http::list_payments_of_order::list_payments_of_order;
use crate::http::list_reconciliations::list_reconciliations;
use crate::http::list_refunds::list_refunds;
use crate::http::list_settlements::list_settlements;
use crate::http::match_settlement::match_settlement;
use crate::http::refund_order::refund_order;
use crate::http::refund_payment::refund_payment;
use crate::http::resolve_mismatch::resolve_mismatch;
use crate::http::return_from_gateway::return_from_gateway;
use crate::http::unmatch_settlement::unmatch_settlement;
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
        .service(get_trial_balance) //                   GET    /admin/ledger/trial-balance
        .service(list_settlements) //                    GET    /admin/settlements
        .service(get_settlement_summary) //              GET    /admin/settlements/summary
        .service(list_bank_credits) //                   GET    /admin/settlements/bank-credits
        .service(enter_bank_credit) //                   POST   /admin/settlements/bank-credits
        .service(import_bank_credits) //                 POST   /admin/settlements/bank-credits/import
        .service(get_settlement) //                      GET    /admin/settlements/{id}
        .service(match_settlement) //                    POST   /admin/settlements/{id}/match
        .service(unmatch_settlement) //                  POST   /admin/settlements/{id}/unmatch
        .service(list_attention) //                      GET    /admin/attention
        .service(get_attention) //                       GET    /admin/attention/{id}
        .service(close_attention) //                     POST   /admin/attention/{id}/close
        .service(list_reconciliations) //                GET    /admin/reconciliation/runs
        .service(begin_reconciliation) //                POST   /admin/reconciliation/runs
        .service(get_reconciliation) //                  GET    /admin/reconciliation/runs/{id}
        .service(export_reconciliation) //               GET    /admin/reconciliation/runs/{id}/report.csv
        .service(resolve_mismatch); //                   POST   /admin/reconciliation/runs/{id}/mismatches/{mismatchId}/resolve
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
        description = "Attempts to pay, refunds, what is paid out, and the books about all of it.",
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
