//! The URL table.

use chassis::openapi::Tokens;
use messaging::replay::replay_events;
use utoipa::OpenApi as _;
use utoipa_actix_web::AppExt as _;

use crate::http::change_stock::change_stock;
use crate::http::change_stock_item::change_stock_item;
use crate::http::commit_reservation::commit_reservation;
use crate::http::extend_reservation::extend_reservation;
use crate::http::get_inventory_stats::get_inventory_stats;
use crate::http::get_personal_data::get_personal_data;
use crate::http::get_reservation::get_reservation;
use crate::http::get_stock_item::get_stock_item;
use crate::http::import_stock::import_stock;
use crate::http::list_low_stock::list_low_stock;
use crate::http::list_movements::list_movements;
use crate::http::list_stock_items::list_stock_items;
use crate::http::release_reservation::release_reservation;
use crate::http::reserve_stock::reserve_stock;

common::route_table! {
/// Everything that can be asked of the service.
fn configure(config) {
    config
        .service(scope("/api/v1").configure(administration))
        .service(scope("/internal").configure(internal));
}

/// What staff may do with stock, under `/api/v1`. Fixed words come before identifiers.
fn administration(config) {
    config
        .service(list_stock_items) //                    GET    /admin/inventory
        .service(list_low_stock) //                      GET    /admin/inventory/low-stock
        .service(get_inventory_stats) //                 GET    /admin/inventory/stats
        .service(import_stock) //                        POST   /admin/inventory/import
        .service(get_stock_item) //                      GET    /admin/inventory/{variantId}
        .service(change_stock_item) //                   PATCH  /admin/inventory/{variantId}
        .service(change_stock) //                        PATCH  /admin/inventory/{variantId}/stock
        .service(list_movements); //                     GET    /admin/inventory/{variantId}/movements
}

/// What other services ask with a service token, under `/internal`. The gateway never routes it.
fn internal(config) {
    config
        .service(reserve_stock) //                       POST   /reservations
        .service(get_reservation) //                     GET    /reservations/{orderId}
        .service(commit_reservation) //                  POST   /reservations/{orderId}/commit
        .service(release_reservation) //                 POST   /reservations/{orderId}/release
        .service(extend_reservation) //                  POST   /reservations/{orderId}/extend
        .service(get_personal_data) //                   GET    /privacy/{userId}
        .service(replay_events); //                      POST   /events/replay
}
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Agape: inventory",
        description = "What is on hand, and what is held for whom.",
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
