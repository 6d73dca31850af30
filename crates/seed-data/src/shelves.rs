//! The shelves of the shop.

use crate::Category;

/// The shelves, each after the one above it.
pub const CATEGORIES: &[Category] = &[
    shelf("fabrics", "Fabrics", None),
    shelf("lace", "Lace", Some("fabrics")),
    shelf("ankara", "Ankara", Some("fabrics")),
    shelf("aso-oke", "Aso oke", Some("fabrics")),
    shelf("fashion", "Fashion", None),
    shelf("dresses", "Dresses", Some("fashion")),
    shelf("menswear", "Menswear", Some("fashion")),
    shelf("accessories", "Accessories", Some("fashion")),
    shelf("home", "Home", None),
    shelf("kitchen", "Kitchen", Some("home")),
    shelf("decor", "Decor", Some("home")),
    shelf("beauty", "Beauty", None),
    shelf("pantry", "Pantry", None),
];

const fn shelf(slug: &'static str, name: &'static str, parent: Option<&'static str>) -> Category {
    Category { slug, name, parent }
}
