//! The URL table.

use chassis::openapi::Tokens;
use messaging::replay::replay_events;
use utoipa::OpenApi as _;
use utoipa_actix_web::AppExt as _;

use crate::http::cancel_order::cancel_order;
use crate::http::change_coupon::change_coupon;
use crate::http::change_order::{change_order, change_order_status, change_order_tracking};
use crate::http::change_shipping_method::change_shipping_method;
use crate::http::change_tax_rate::change_tax_rate;
use crate::http::create_coupon::create_coupon;
use crate::http::create_shipping_method::create_shipping_method;
use crate::http::create_tax_rate::create_tax_rate;
use crate::http::delete_coupon::delete_coupon;
use crate::http::delete_shipping_method::delete_shipping_method;
use crate::http::delete_tax_rate::delete_tax_rate;
use crate::http::get_any_order::get_any_order;
use crate::http::get_coupon::get_coupon;
use crate::http::get_due::get_due;
use crate::http::get_invoice::get_invoice;
use crate::http::get_mail_view::get_mail_view;
use crate::http::get_order::get_order;
use crate::http::get_order_invoice::get_order_invoice;
use crate::http::get_personal_data::get_personal_data;
use crate::http::list_all_shipping_methods::list_all_shipping_methods;
use crate::http::list_any_orders::list_any_orders;
use crate::http::list_coupons::list_coupons;
use crate::http::list_orders::list_orders;
use crate::http::list_shipping_methods::list_shipping_methods;
use crate::http::list_tax_rates::list_tax_rates;
use crate::http::place_order::place_order;
use crate::http::quote_order::quote_order;
use crate::http::track_order::track_order;

common::route_table! {
/// Everything that can be asked of the service.
fn configure(config) {
    config
        .service(scope("/api/v1").configure(shopping).configure(administration).configure(sales_rules))
        .service(scope("/internal").configure(internal));
}

/// What buyers do, under `/api/v1`. Fixed words come before identifiers.
fn shopping(config) {
    config
        .service(list_shipping_methods) //               GET    /shipping-methods
        .service(quote_order) //                         POST   /orders/quote
        .service(track_order) //                         POST   /orders/track
        .service(place_order) //                         POST   /orders
        .service(list_orders) //                         GET    /orders
        .service(get_order) //                           GET    /orders/{id}
        .service(cancel_order) //                        POST   /orders/{id}/cancel
        .service(get_invoice); //                        GET    /orders/{id}/invoice
}

/// What staff does, under `/api/v1`.
fn administration(config) {
    config
        .service(list_any_orders) //                     GET    /admin/orders
        .service(get_any_order) //                       GET    /admin/orders/{id}
        .service(change_order) //                        PATCH  /admin/orders/{id}
        .service(change_order_status) //                 PATCH  /admin/orders/{id}/status
        .service(change_order_tracking); //              PATCH  /admin/orders/{id}/tracking
}

/// What staff charges beside prices, under `/api/v1`.
fn sales_rules(config) {
    config
        .service(list_coupons) //                        GET    /admin/coupons
        .service(create_coupon) //                       POST   /admin/coupons
        .service(get_coupon) //                          GET    /admin/coupons/{id}
        .service(change_coupon) //                       PATCH  /admin/coupons/{id}
        .service(delete_coupon) //                       DELETE /admin/coupons/{id}
        .service(list_all_shipping_methods) //           GET    /admin/shipping-methods
        .service(create_shipping_method) //              POST   /admin/shipping-methods
        .service(change_shipping_method) //              PATCH  /admin/shipping-methods/{id}
        .service(delete_shipping_method) //              DELETE /admin/shipping-methods/{id}
        .service(list_tax_rates) //                      GET    /admin/tax-rates
        .service(create_tax_rate) //                     POST   /admin/tax-rates
        .service(change_tax_rate) //                     PATCH  /admin/tax-rates/{id}
        .service(delete_tax_rate); //                    DELETE /admin/tax-rates/{id}
}

/// What other services ask with a service token, under `/internal`. The gateway never routes it.
fn internal(config) {
    config
        .service(get_due) //                             GET    /orders/{id}/due
        .service(get_mail_view) //                       GET    /orders/{id}/mail-view
        .service(get_order_invoice) //                   GET    /orders/{id}/invoice
        .service(get_personal_data) //                   GET    /privacy/{userId}
        .service(replay_events); //                      POST   /events/replay
}
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Agape: orders",
        description = "What is ordered, what it costs, and how far it has come.",
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
