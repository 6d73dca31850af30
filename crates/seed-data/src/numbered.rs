//! Any number of products, each known by its number.

use uuid::Uuid;

/// 2026-01-01T00:00:00Z in milliseconds: the first of them was made then, each further one a second later.
const FIRST_MADE_MS: u64 = 1_767_225_600_000;
const APART_MS: u64 = 1_000;
const PRODUCT: u128 = 0;

/// How many variants a product has: two or three.
#[must_use]
pub fn variants_of(number: u32) -> u32 {
    2 + number % 2
}

/// When a product was made, in milliseconds since 1970.
#[must_use]
pub fn made_at_ms(number: u32) -> u64 {
    FIRST_MADE_MS + u64::from(number) * APART_MS
}

/// A product's id.
#[must_use]
pub fn product_id(number: u32) -> Uuid {
    id(number, PRODUCT)
}

/// The id of one of its variants, from 0.
#[must_use]
pub fn variant_id(number: u32, index: u32) -> Uuid {
    id(number, 1 + u128::from(index))
}

/// The id of its picture.
#[must_use]
pub fn image_id(number: u32) -> Uuid {
    id(number, 0xFF)
}

/// How staff calls a product.
#[must_use]
pub fn sku(number: u32) -> String {
    format!("LOAD-{number:07}")
}

/// How staff calls one of its variants.
#[must_use]
pub fn variant_sku(number: u32, index: u32) -> String {
    format!("LOAD-{number:07}-{index}")
}

/// How many of a variant there are.
#[must_use]
pub fn stock(number: u32, index: u32) -> i64 {
    i64::from(number * 7 + index * 31) % 500 + 50
}

/// A UUID of version 7 that follows from a number: its time is when the product was made.
fn id(number: u32, what: u128) -> Uuid {
    let time = u128::from(made_at_ms(number)) << 80;
    let version_and_variant = (0x7_u128 << 76) | (0b10_u128 << 62);
    let rest = (u128::from(number) << 16) | what;
    Uuid::from_u128(time | version_and_variant | rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_differ_and_are_of_version_seven_in_order_of_their_time() {
        let mut seen = BTreeSet::new();
        let mut last = Uuid::nil();
        for number in 0..2_000 {
            let product = product_id(number);
            assert_eq!(product.get_version_num(), 7);
            assert_eq!(product.get_variant(), uuid::Variant::RFC4122);
            assert!(product > last);
            last = product;
            assert!(seen.insert(product) && seen.insert(image_id(number)));
            for index in 0..variants_of(number) {
                assert!(seen.insert(variant_id(number, index)));
                assert!(stock(number, index) >= 50);
            }
        }
    }
}
