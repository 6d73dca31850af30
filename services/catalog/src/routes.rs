//! The URL table.

use chassis::openapi::Tokens;
use messaging::replay::replay_events;
use utoipa::OpenApi as _;
use utoipa_actix_web::AppExt as _;

use crate::http::add_image::add_image;
use crate::http::add_variant::add_variant;
use crate::http::add_wish::add_wish;
use crate::http::change_category::change_category;
use crate::http::change_image::change_image;
use crate::http::change_product::change_product;
use crate::http::change_variant::change_variant;
use crate::http::check_wish::check_wish;
use crate::http::clear_wishlist::clear_wishlist;
use crate::http::create_category::create_category;
use crate::http::create_product::create_product;
use crate::http::delete_category::delete_category;
use crate::http::delete_product::delete_product;
use crate::http::export_products::export_products;
use crate::http::get_category::get_category;
use crate::http::get_personal_data::get_personal_data;
use crate::http::get_product::get_product;
use crate::http::get_wishlist::get_wishlist;
use crate::http::import_products::import_products;
use crate::http::list_categories::list_categories;
use crate::http::list_products::list_products;
use crate::http::lookup_variants::lookup_variants;
use crate::http::related_products::related_products;
use crate::http::remove_image::remove_image;
use crate::http::remove_variant::remove_variant;
use crate::http::remove_wish::remove_wish;
use crate::http::search_products::search_products;

common::route_table! {
/// Everything that can be asked of the service.
fn configure(config) {
    config
        .service(
            scope("/api/v1")
                .configure(products)
                .configure(categories)
                .configure(wishlist),
        )
        .service(scope("/internal").configure(internal));
}

/// Products and their variants, under `/api/v1`. What is fixed stands before what may be a slug.
fn products(config) {
    config
        .service(list_products) //                       GET    /products
        .service(create_product) //                      POST   /products
        .service(search_products) //                     GET    /products/search
        .service(import_products) //                     POST   /products/import
        .service(export_products) //                     GET    /products/export
        .service(get_product) //                         GET    /products/{idOrSlug}
        .service(related_products) //                    GET    /products/{idOrSlug}/related
        .service(change_product) //                      PATCH  /products/{id}
        .service(delete_product) //                      DELETE /products/{id}
        .service(add_variant) //                         POST   /products/{id}/variants
        .service(change_variant) //                      PATCH  /products/{id}/variants/{variantId}
        .service(remove_variant) //                      DELETE /products/{id}/variants/{variantId}
        .service(add_image) //                           POST   /products/{id}/images
        .service(change_image) //                        PATCH  /products/{id}/images/{imageId}
        .service(remove_image); //                       DELETE /products/{id}/images/{imageId}
}

/// The tree of categories, under `/api/v1`.
fn categories(config) {
    config
        .service(list_categories) //                     GET    /categories
        .service(create_category) //                     POST   /categories
        .service(get_category) //                        GET    /categories/{idOrSlug}
        .service(change_category) //                     PATCH  /categories/{id}
        .service(delete_category); //                    DELETE /categories/{id}
}

/// What people want to remember, under `/api/v1`.
fn wishlist(config) {
    config
        .service(get_wishlist) //                        GET    /wishlist
        .service(add_wish) //                            POST   /wishlist
        .service(clear_wishlist) //                      DELETE /wishlist
        .service(check_wish) //                          GET    /wishlist/check/{productId}
        .service(remove_wish); //                        DELETE /wishlist/{productId}
}

/// What other services ask with a service token, under `/internal`. The gateway never routes it.
fn internal(config) {
    config
        .service(lookup_variants) //                     POST   /variants/lookup
        .service(get_personal_data) //                   GET    /privacy/{userId}
        .service(replay_events); //                      POST   /events/replay
}
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Agape: catalog",
        description = "What the shop sells: categories, products, variants, search and wishlists.",
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
