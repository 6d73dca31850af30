//! What an order costs.
//!
//! Each line and the shipping are rounded by themselves, to what the currency's coins can make, halves away from zero. A
//! discount is split over the lines by largest remainder, so that the lines always add up to the order.

use money::{Currency, Money, MoneyError};

use super::coupon::Discount;

/// What is charged on goods, and on shipping if the rate says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaxRate {
    /// As it stands on an invoice: `VAT`.
    pub(crate) name: String,
    /// Hundredths of a per cent.
    pub(crate) basis_points: u32,
    pub(crate) applies_to_shipping: bool,
}

impl TaxRate {
    /// Where nothing is charged.
    pub(crate) fn none() -> Self {
        Self {
            name: "Tax".to_owned(),
            basis_points: 0,
            applies_to_shipping: false,
        }
    }
}

/// Whether the catalogue's prices have the tax in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prices {
    /// It comes on top.
    TaxExclusive,
    /// It is in them.
    TaxInclusive,
}

/// So many of something at a price.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Priced {
    pub(crate) unit_price: Money,
    pub(crate) quantity: u32,
}

/// What goes into a sum.
#[derive(Debug)]
pub(crate) struct Costs<'a> {
    pub(crate) currency: Currency,
    pub(crate) lines: &'a [Priced],
    pub(crate) discount: Option<Discount>,
    pub(crate) shipping: Money,
    pub(crate) tax: &'a TaxRate,
    pub(crate) prices: Prices,
}

/// What a line costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineTotals {
    /// Before discount.
    pub(crate) total: Money,
    /// Its part of the discount.
    pub(crate) discount: Money,
    /// On what is left.
    pub(crate) tax: Money,
}

/// What an order costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) lines: Vec<LineTotals>,
    pub(crate) subtotal: Money,
    pub(crate) discount: Money,
    pub(crate) shipping: Money,
    /// Of goods and shipping together.
    pub(crate) tax: Money,
    /// The part of it that is on shipping.
    pub(crate) shipping_tax: Money,
    /// What is to be paid.
    pub(crate) total: Money,
}

impl Costs<'_> {
    /// Adds it all up.
    ///
    /// # Errors
    /// When it is more than money can say, or currencies mix.
    pub(crate) fn add_up(&self) -> Result<Totals, MoneyError> {
        let goods = self
            .lines
            .iter()
            .map(|line| line.unit_price.times(line.quantity))
            .collect::<Result<Vec<Money>, _>>()?;
        let subtotal = Money::sum(self.currency, goods.iter().copied())?;
        let discount = match self.discount {
            Some(discount) => discount.off(subtotal)?,
            None => Money::zero(self.currency),
        };
        let lines = self.tax_lines(&goods, self.share(discount, &goods)?)?;
        let shipping_tax = if self.tax.applies_to_shipping {
            self.tax_on(self.shipping)?
        } else {
            Money::zero(self.currency)
        };
        let goods_tax = Money::sum(self.currency, lines.iter().map(|line| line.tax))?;
        let tax = goods_tax.checked_add(shipping_tax)?;
        let net = subtotal.checked_sub(discount)?.checked_add(self.shipping)?;
        Ok(Totals {
            lines,
            subtotal,
            discount,
            shipping: self.shipping,
            tax,
            shipping_tax,
            total: match self.prices {
                Prices::TaxExclusive => net.checked_add(tax)?,
                Prices::TaxInclusive => net,
            },
        })
    }

    /// Each line's part of the discount; none where the goods cost nothing.
    fn share(&self, discount: Money, goods: &[Money]) -> Result<Vec<Money>, MoneyError> {
        if discount.is_zero() {
            return Ok(vec![Money::zero(self.currency); goods.len()]);
        }
        let weights: Vec<u64> = goods
            .iter()
            .map(|total| total.minor().unsigned_abs())
            .collect();
        discount.allocate(&weights)
    }

    fn tax_lines(
        &self,
        goods: &[Money],
        discounts: Vec<Money>,
    ) -> Result<Vec<LineTotals>, MoneyError> {
        let lines = goods.iter().zip(discounts);
        let taxed = lines.map(|(total, discount)| {
            Ok(LineTotals {
                total: *total,
                discount,
                tax: self.tax_on(total.checked_sub(discount)?)?,
            })
        });
        taxed.collect()
    }

    fn tax_on(&self, amount: Money) -> Result<Money, MoneyError> {
        let points = self.tax.basis_points;
        match self.prices {
            Prices::TaxExclusive => amount.basis_points_rounded(points),
            // What is in a gross amount: gross · rate / (1 + rate).
            Prices::TaxInclusive => {
                let whole = bigdecimal::BigDecimal::from(10_000 + u64::from(points));
                amount.at_rate_rounded(&(bigdecimal::BigDecimal::from(points) / whole))
            }
        }
    }
}

#[cfg(test)]
mod tests;
