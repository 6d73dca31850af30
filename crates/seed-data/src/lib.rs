//! What a new shop has on its shelves: goods to try things with, and any number of them to measure with.
//!
//! Catalogue and inventory each load their own part, and neither reads the other's schema; so the ids follow from the
//! numbers and names here, and both come to the same.

#![forbid(unsafe_code)]

mod goods;
pub mod numbered;
mod shelves;

use money::Amount;
use uuid::Uuid;

pub use goods::GOODS;
pub use shelves::CATEGORIES;

/// A shelf of the shop.
#[derive(Debug, Clone, Copy)]
pub struct Category {
    /// Its part of a URL; what is above it is named by it, too.
    pub slug: &'static str,
    /// What people read.
    pub name: &'static str,
    /// The slug of the one above.
    pub parent: Option<&'static str>,
}

/// One product.
#[derive(Debug, Clone, Copy)]
pub struct Product {
    /// How staff calls it.
    pub sku: &'static str,
    /// Its part of a URL, and the name of its picture.
    pub slug: &'static str,
    /// What people read.
    pub title: &'static str,
    /// In one line.
    pub short_description: &'static str,
    /// In some.
    pub description: &'static str,
    /// The slug of its category.
    pub category: &'static str,
    /// What it is found by.
    pub tags: &'static [&'static str],
    /// In kobo.
    pub price_minor: i64,
    /// In grams.
    pub weight_grams: u32,
    /// Whether the front page shows it.
    pub is_featured: bool,
    /// At least one.
    pub variants: &'static [Variant],
}

/// One thing that can be bought.
#[derive(Debug, Clone, Copy)]
pub struct Variant {
    /// How staff calls it.
    pub sku: &'static str,
    /// What people read beside the title.
    pub name: &'static str,
    /// What it costs more than the product, in kobo.
    pub delta_minor: i64,
    /// What makes it another than its siblings, such as `size` and `M`.
    pub options: &'static [(&'static str, &'static str)],
    /// How many there are.
    pub stock: i64,
}

impl Category {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        named("category", self.slug)
    }
}

impl Product {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        named("product", self.sku)
    }

    /// What it costs.
    #[must_use]
    pub fn price(&self) -> Amount {
        Amount::try_from_minor(self.price_minor).unwrap_or_default()
    }
}

impl Variant {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        named("variant", self.sku)
    }
}

/// For writing many variants down.
const fn variant(
    sku: &'static str,
    name: &'static str,
    delta_minor: i64,
    options: &'static [(&'static str, &'static str)],
    stock: i64,
) -> Variant {
    Variant {
        sku,
        name,
        delta_minor,
        options,
        stock,
    }
}

/// An id that a name always has (UUID version 5).
fn named(kind: &str, name: &str) -> Uuid {
    let name = format!("https://agape.example/seed/{kind}/{name}");
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn everything_has_a_name_of_its_own_and_a_place() {
        let mut skus = BTreeSet::new();
        let mut slugs = BTreeSet::new();
        for product in GOODS {
            assert!(slugs.insert(product.slug), "{}", product.slug);
            assert!(!product.variants.is_empty(), "{}", product.sku);
            assert!(
                CATEGORIES
                    .iter()
                    .any(|category| category.slug == product.category)
            );
            assert!(product.price_minor > 0 && product.price().minor() == product.price_minor);
            for variant in product.variants {
                assert!(skus.insert(variant.sku), "{}", variant.sku);
                assert!(product.price_minor + variant.delta_minor > 0);
            }
        }
        for category in CATEGORIES {
            let is_there = |slug| CATEGORIES.iter().any(|other| other.slug == slug);
            assert!(category.parent.is_none_or(is_there), "{}", category.slug);
        }
    }

    #[test]
    fn there_is_enough_to_try_a_shop_with() {
        assert!(GOODS.len() >= 20);
        let plenty = GOODS
            .iter()
            .filter(|product| product.variants.iter().any(|variant| variant.stock >= 50));
        assert!(plenty.count() >= 5);
    }
}
