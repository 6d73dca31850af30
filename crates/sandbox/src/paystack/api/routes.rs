//! The vendor's URL table.

use actix_web::web::{ServiceConfig, get, post, put, route};

use super::{disputes, initialize, not_found, refunds, settlements, transactions};

/// Every path of the API, below the base URL.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/transaction/initialize", post().to(initialize::initialize))
        .route(
            "/transaction/verify/{reference:.*}",
            get().to(transactions::verify),
        )
        .route("/transaction", get().to(transactions::list))
        .route("/transaction/{id}", get().to(transactions::fetch))
        .route("/refund", post().to(refunds::create))
        .route("/refund", get().to(refunds::list))
        .route("/refund/{id}", get().to(refunds::fetch))
        .route(
            "/refund/retry_with_customer_details/{id}",
            post().to(refunds::retry),
        )
        .route("/dispute", get().to(disputes::list))
        .route(
            "/dispute/transaction/{id}",
            get().to(disputes::of_transaction),
        )
        .route("/dispute/{id}", get().to(disputes::fetch))
        .route("/dispute/{id}", put().to(disputes::update))
        .route("/dispute/{id}/evidence", post().to(disputes::add_evidence))
        .route("/dispute/{id}/upload_url", get().to(disputes::upload_url))
        .route("/dispute/{id}/resolve", put().to(disputes::resolve))
        .route("/settlement", get().to(settlements::list))
        .route(
            "/settlement/{id}/transactions",
            get().to(settlements::transactions),
        )
        .route("/balance", get().to(settlements::balance))
        // Signed URLs lead here, so that there is no key to check.
        .route("/uploads/{name}", put().to(disputes::upload))
        .default_service(route().to(not_found));
}
