//! A cart as its owner sees it: with the prices and the availability of now.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use money::{Currency, Money, MoneyError};

use super::cart::{Cart, Line};
use super::ids::{CartId, LineId, ProductId, VariantId};
use super::offer::Offer;

/// A cart and what it costs now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CartView {
    /// Its id; none if there is none yet.
    pub(crate) id: Option<CartId>,
    /// What is in it.
    pub(crate) items: Vec<ItemView>,
    /// What everything in it costs.
    pub(crate) subtotal: Money,
    /// How many things are in it.
    pub(crate) item_count: u32,
    /// When it was last changed.
    pub(crate) updated_at: Option<DateTime<Utc>>,
}

/// A line and what it costs now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ItemView {
    /// Its id.
    pub(crate) id: LineId,
    /// The product.
    pub(crate) product_id: ProductId,
    /// The variant.
    pub(crate) variant_id: VariantId,
    /// How the shop's staff calls it.
    pub(crate) sku: String,
    /// What shoppers read.
    pub(crate) title: String,
    /// What tells it from the product's other variants.
    pub(crate) name: Option<String>,
    /// A small picture.
    pub(crate) thumbnail: Option<String>,
    /// How many.
    pub(crate) quantity: u32,
    /// What one costs now.
    pub(crate) unit_price: Money,
    /// What all of them cost.
    pub(crate) line_total: Money,
    /// How many there are to buy.
    pub(crate) available: i64,
    /// What one cost when the owner last touched the line, if that is not what it costs now.
    pub(crate) previous_price: Option<Money>,
}

impl CartView {
    /// The cart of somebody who has none.
    pub(crate) fn empty(currency: Currency) -> Self {
        Self {
            id: None,
            items: Vec::new(),
            subtotal: Money::zero(currency),
            item_count: 0,
            updated_at: None,
        }
    }

    /// Looks at a cart with what the catalogue says. An empty one is shown in the shop's `currency`.
    pub(crate) fn of(
        cart: &Cart,
        offers: &HashMap<VariantId, Offer>,
        currency: Currency,
    ) -> Result<Self, MoneyError> {
        let currency = cart.currency.unwrap_or(currency);
        let items = cart
            .lines
            .iter()
            .map(|line| ItemView::of(line, offers.get(&line.variant_id)))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            id: Some(cart.id),
            subtotal: Money::sum(currency, items.iter().map(|item| item.line_total))?,
            item_count: cart.item_count(),
            updated_at: Some(cart.updated_at),
            items,
        })
    }
}

impl ItemView {
    /// What is gone from the catalogue, or is sold in another currency by now, stays in the cart at the price last seen, and
    /// none of it can be bought.
    fn of(line: &Line, offer: Option<&Offer>) -> Result<Self, MoneyError> {
        let seen = line.seen_price;
        let usable = offer.filter(|offer| offer.price.currency() == seen.currency());
        let unit_price = usable.map_or(seen, |offer| offer.price);
        Ok(Self {
            id: line.id,
            product_id: line.product_id,
            variant_id: line.variant_id,
            sku: offer.map(|offer| offer.sku.clone()).unwrap_or_default(),
            title: offer.map(|offer| offer.title.clone()).unwrap_or_default(),
            name: offer.and_then(|offer| offer.name.clone()),
            thumbnail: offer.and_then(|offer| offer.thumbnail.clone()),
            quantity: line.quantity,
            unit_price,
            line_total: unit_price.times(line.quantity)?,
            available: usable.map_or(0, Offer::buyable),
            previous_price: (unit_price != seen).then_some(seen),
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn line(quantity: u32, minor: i64) -> Line {
        Line {
            id: LineId(Uuid::from_u128(1)),
            product_id: ProductId(Uuid::from_u128(2)),
            variant_id: VariantId(Uuid::from_u128(3)),
            quantity,
            seen_price: Money::from_minor(minor, Currency::Ngn),
            added_at: DateTime::UNIX_EPOCH,
        }
    }

    fn offer(minor: i64, currency: Currency) -> Offer {
        Offer {
            variant_id: VariantId(Uuid::from_u128(3)),
            product_id: ProductId(Uuid::from_u128(2)),
            sku: "LACE-1".to_owned(),
            title: "Royal lace".to_owned(),
            name: None,
            thumbnail: None,
            price: Money::from_minor(minor, currency),
            is_active: true,
            available: 7,
            variant_count: 1,
        }
    }

    #[test]
    fn a_price_that_changed_is_shown_beside_the_one_that_was_seen() {
        let item = ItemView::of(&line(3, 10_000), Some(&offer(12_050, Currency::Ngn))).unwrap();
        assert_eq!(
            (
                item.unit_price.minor(),
                item.line_total.minor(),
                item.available
            ),
            (12_050, 36_150, 7)
        );
        assert_eq!(item.previous_price.map(Money::minor), Some(10_000));
        let same = ItemView::of(&line(3, 12_050), Some(&offer(12_050, Currency::Ngn))).unwrap();
        assert_eq!(same.previous_price, None);
    }

    #[test]
    fn what_cannot_be_bought_any_more_keeps_its_price_and_has_none_available() {
        let foreign = offer(1, Currency::Usd);
        for offered in [None, Some(&foreign)] {
            let item = ItemView::of(&line(2, 500), offered).unwrap();
            assert_eq!(
                (
                    item.unit_price.minor(),
                    item.line_total.minor(),
                    item.available
                ),
                (500, 1_000, 0)
            );
            assert_eq!(item.previous_price, None);
        }
    }

    #[test]
    fn a_sum_that_does_not_fit_is_an_error_and_no_wrong_number() {
        let cart = Cart {
            id: CartId(Uuid::nil()),
            version: 1,
            currency: Some(Currency::Ngn),
            lines: vec![line(10, i64::MAX / 2)],
            updated_at: DateTime::UNIX_EPOCH,
        };
        assert_eq!(
            CartView::of(&cart, &HashMap::new(), Currency::Ngn),
            Err(MoneyError::Overflow)
        );
    }
}
