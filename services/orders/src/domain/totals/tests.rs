use proptest::prelude::*;

use super::*;

fn naira(minor: i64) -> Money {
    Money::from_minor(minor, Currency::Ngn)
}

fn vat(applies_to_shipping: bool) -> TaxRate {
    TaxRate {
        name: "VAT".to_owned(),
        basis_points: 750,
        applies_to_shipping,
    }
}

fn lines(priced: &[(i64, u32)]) -> Vec<Priced> {
    let priced = priced.iter().map(|(price, quantity)| Priced {
        unit_price: naira(*price),
        quantity: *quantity,
    });
    priced.collect()
}

fn costs<'a>(lines: &'a [Priced], tax: &'a TaxRate) -> Costs<'a> {
    Costs {
        currency: Currency::Ngn,
        lines,
        discount: None,
        shipping: naira(150_000),
        tax,
        prices: Prices::TaxExclusive,
    }
}

#[test]
fn tax_comes_on_top_of_goods_and_not_of_shipping() {
    let lines = lines(&[(4_850_000, 2)]);
    let totals = costs(&lines, &vat(false)).add_up().unwrap();
    assert_eq!(totals.subtotal, naira(9_700_000));
    assert_eq!(totals.tax, naira(727_500));
    assert_eq!(totals.total, naira(10_577_500));
}

#[test]
fn tax_is_on_shipping_where_the_rate_says_so() {
    let lines = lines(&[(100_000, 1)]);
    let totals = costs(&lines, &vat(true)).add_up().unwrap();
    assert_eq!(totals.shipping_tax, naira(11_250));
    assert_eq!(totals.tax, naira(7_500 + 11_250));
    assert_eq!(totals.total, naira(100_000 + 150_000 + 18_750));
}

#[test]
fn tax_is_on_what_a_discount_leaves() {
    let lines = lines(&[(10_000, 1), (20_000, 1)]);
    let tax = vat(false);
    let mut costs = costs(&lines, &tax);
    costs.discount = Some(Discount::Fixed(naira(10_000)));
    let totals = costs.add_up().unwrap();
    let discounts: Vec<i64> = totals
        .lines
        .iter()
        .map(|line| line.discount.minor())
        .collect();
    assert_eq!(discounts, [3_333, 6_667]);
    // 7.5 % of 66.67 and of 133.33, each rounded.
    assert_eq!(totals.tax, naira(500 + 1_000));
    assert_eq!(totals.total, naira(30_000 - 10_000 + 150_000 + 1_500));
}

#[test]
fn tax_that_is_in_the_prices_does_not_come_on_top() {
    let lines = lines(&[(107_500, 1)]);
    let tax = vat(false);
    let mut costs = costs(&lines, &tax);
    costs.prices = Prices::TaxInclusive;
    let totals = costs.add_up().unwrap();
    assert_eq!(totals.tax, naira(7_500));
    assert_eq!(totals.total, naira(257_500));
}

#[test]
fn an_order_may_cost_nothing() {
    let lines = lines(&[(0, 3)]);
    let tax = vat(true);
    let mut costs = costs(&lines, &tax);
    costs.shipping = naira(0);
    costs.discount = Some(Discount::Fixed(naira(500)));
    assert!(costs.add_up().unwrap().total.is_zero());
}

#[test]
fn too_much_is_an_error_and_no_panic() {
    let lines = lines(&[(i64::MAX, 1_000)]);
    assert_eq!(
        costs(&lines, &vat(false)).add_up(),
        Err(MoneyError::Overflow)
    );
}

proptest! {
    #[test]
    fn an_order_adds_up(
        priced in proptest::collection::vec((0_i64..100_000_000, 1_u32..1_000), 1..20),
        discount in 0_u32..=10_000,
        points in 0_u32..=10_000,
        shipping in 0_i64..1_000_000,
        on_shipping in any::<bool>(),
        inclusive in any::<bool>(),
    ) {
        let lines = lines(&priced);
        let tax = TaxRate { name: "VAT".to_owned(), basis_points: points, applies_to_shipping: on_shipping };
        let mut costs = costs(&lines, &tax);
        costs.discount = Some(Discount::BasisPoints(discount));
        costs.shipping = naira(shipping);
        costs.prices = if inclusive { Prices::TaxInclusive } else { Prices::TaxExclusive };
        let totals = costs.add_up().unwrap();
        let sum = |of: fn(&LineTotals) -> Money| totals.lines.iter().map(|line| of(line).minor()).sum::<i64>();
        prop_assert_eq!(sum(|line| line.total), totals.subtotal.minor());
        prop_assert_eq!(sum(|line| line.discount), totals.discount.minor());
        prop_assert_eq!(sum(|line| line.tax) + totals.shipping_tax.minor(), totals.tax.minor());
        prop_assert!(totals.lines.iter().all(|line| line.discount.minor() <= line.total.minor() && line.tax.minor() >= 0));
        let on_top = if inclusive { 0 } else { totals.tax.minor() };
        prop_assert_eq!(
            totals.total.minor(),
            totals.subtotal.minor() - totals.discount.minor() + totals.shipping.minor() + on_top
        );
    }
}
