//! The pictures of the seeded goods, drawn here: one for each product, the same each time.
//!
//! A category has a module with its things; a product that none of them knows by name is shown as the category's usual
//! thing, and one of an unknown category as a parcel. [`canvas`] holds the shapes, [`stage`] what is behind a thing, and
//! [`cloth`] the patterns of fabrics. There is no text and no bitmap in a picture, and nothing that came from a request.

pub mod accessories;
pub mod ankara;
pub mod aso_oke;
pub mod beauty;
pub mod bronze_head;
pub mod canvas;
pub mod cloth;
pub mod colour;
pub mod decor;
pub mod dresses;
pub mod kitchen;
pub mod lace;
pub mod menswear;
pub mod paint;
pub mod pantry;
pub mod parcel;
pub mod scatter;
pub mod stage;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use seed_data::{GOODS, Product};

use canvas::{Canvas, Picture};
use colour::Look;

static PICTURES: LazyLock<BTreeMap<&'static str, Picture>> =
    LazyLock::new(|| GOODS.iter().map(|one| (one.slug, draw(one))).collect());

/// The picture of the product of this name.
#[must_use]
pub fn find(slug: &str) -> Option<&'static Picture> {
    PICTURES.get(slug)
}

/// Draws a product.
#[must_use]
pub fn draw(product: &Product) -> Picture {
    let look = Look::of(product);
    let draw = match product.category {
        "fabrics" | "ankara" => ankara::draw,
        "lace" => lace::draw,
        "aso-oke" => aso_oke::draw,
        "fashion" | "dresses" => dresses::draw,
        "menswear" => menswear::draw,
        "accessories" => accessories::draw,
        "home" | "decor" => decor::draw,
        "kitchen" => kitchen::draw,
        "beauty" => beauty::draw,
        "pantry" => pantry::draw,
        _ => parcel::draw,
    };
    let mut canvas = Canvas::default();
    draw(&mut canvas, &look);
    canvas.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudinary::transformation::Frame;
    use seed_data::CATEGORIES;

    fn drawn(product: &Product) -> String {
        draw(product).framed(Frame::default())
    }

    #[test]
    fn a_product_that_no_module_knows_is_shown_as_the_usual_thing() {
        let Some(known) = GOODS.first() else {
            panic!("there are no goods");
        };
        let parcel = drawn(&Product {
            slug: "unheard-of",
            category: "nowhere",
            ..*known
        });
        for category in CATEGORIES {
            let unknown = Product {
                slug: "unheard-of",
                category: category.slug,
                ..*known
            };
            assert_ne!(drawn(&unknown), parcel, "{}", category.slug);
        }
    }

    #[test]
    fn a_picture_is_the_same_each_time() {
        for product in GOODS {
            assert_eq!(drawn(product), drawn(product), "{}", product.slug);
        }
    }
}
