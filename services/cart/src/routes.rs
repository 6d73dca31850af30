//! The URL table.

use chassis::openapi::Tokens;
use messaging::replay::replay_events;
use utoipa::OpenApi as _;
use utoipa_actix_web::AppExt as _;

use crate::http::add_item::add_item;
use crate::http::change_item::change_item;
use crate::http::clear_cart::clear_cart;
use crate::http::get_cart::get_cart;
use crate::http::get_cart_for_order::get_cart_for_order;
use crate::http::get_cart_totals::get_cart_totals;
use crate::http::get_personal_data::get_personal_data;
use crate::http::merge_cart::merge_cart;
use crate::http::remove_item::remove_item;

common::route_table! {
/// Everything that can be asked of the service.
fn configure(config) {
    config
        .service(scope("/api/v1").configure(shopping))
        .service(scope("/internal").configure(internal));
}

/// One's own cart, under `/api/v1`.
fn shopping(config) {
    config
        .service(get_cart) //                            GET    /cart
        .service(clear_cart) //                          DELETE /cart
        .service(get_cart_totals) //                     GET    /cart/totals
        .service(merge_cart) //                          POST   /cart/merge
        .service(add_item) //                            POST   /cart/items
        .service(change_item) //                         PATCH  /cart/items/{id}
        .service(remove_item); //                        DELETE /cart/items/{id}
}

/// What other services ask with a service token, under `/internal`. The gateway never routes it.
fn internal(config) {
    config
        .service(get_cart_for_order) //                  GET    /carts/{userId}
        .service(get_personal_data) //                   GET    /privacy/{userId}
        .service(replay_events); //                      POST   /events/replay
}
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Agape: cart",
        description = "Carts of people and of guests.",
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
