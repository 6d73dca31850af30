//! What an order comes to: the same for a quote and for the order that follows it.

use std::collections::{BTreeMap, BTreeSet};

use diesel_async::AsyncPgConnection;
use money::{Currency, Money, MoneyError};
use uuid::Uuid;

use super::Error;
use crate::clients::cart::CartItem;
use crate::clients::catalog::Offer;
use crate::domain::coupon::{Coupon, CouponError};
use crate::domain::ids::{ProductId, UserId, VariantId};
use crate::domain::quantity::{self, WantError};
use crate::domain::totals::{Costs, Priced as PricedAt, TaxRate, Totals};
use crate::startup::AppState;
use crate::store;
use crate::store::coupons::Hold;
use crate::store::rules::Method;

/// 100,000,000,000.00: what the columns of amounts hold, with room for shipping and tax.
const GOODS_MINOR_MAX: i64 = 10_000_000_000_000;

/// So many of something. The variant may be left out where the product has only one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Want {
    pub(crate) product: ProductId,
    pub(crate) variant: Option<VariantId>,
    pub(crate) quantity: u32,
}

/// What is wanted.
#[derive(Debug, Clone)]
pub(crate) enum Wants {
    /// These things.
    Items(Vec<Want>),
    /// Whatever is in the buyer's cart.
    Cart,
}

/// How it is to be priced.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// ISO 3166-1 alpha-2.
    pub(crate) country: String,
    pub(crate) state: String,
    /// None: the place's default.
    pub(crate) method: Option<String>,
    /// In upper case.
    pub(crate) coupon: Option<String>,
}

/// What is wanted, with what it is called and costs.
#[derive(Debug, Clone)]
pub(crate) struct Basket {
    pub(crate) currency: Currency,
    pub(crate) lines: Vec<(Offer, u32)>,
}

impl Basket {
    /// What its goods cost.
    pub(crate) fn goods(&self) -> Result<Money, Error> {
        let lines = self.lines.iter();
        let lines = lines.map(|(offer, quantity)| offer.price.times(*quantity));
        let lines = lines.collect::<Result<Vec<Money>, _>>()?;
        let goods = Money::sum(self.currency, lines)?;
        if goods.minor() > GOODS_MINOR_MAX {
            return Err(MoneyError::Overflow.into());
        }
        Ok(goods)
    }
}

/// A basket with all that it costs.
#[derive(Debug, Clone)]
pub(crate) struct Quote {
    pub(crate) basket: Basket,
    pub(crate) totals: Totals,
    pub(crate) tax: TaxRate,
    pub(crate) method: Method,
    /// All ways to ship there.
    pub(crate) methods: Vec<Method>,
    pub(crate) coupon: Option<Coupon>,
}

/// Looks up what is wanted.
pub(crate) async fn fill(
    state: &AppState,
    wants: Wants,
    buyer: Option<UserId>,
) -> Result<Basket, Error> {
    let wants = match wants {
        Wants::Items(items) => items,
        Wants::Cart => {
            let buyer = buyer
                .ok_or_else(|| Error::invalid("fromCart", "needs somebody who is signed in"))?;
            let items = state.carts.of(buyer).await?;
            items.into_iter().map(Want::from).collect()
        }
    };
    if wants.is_empty() {
        return Err(Error::invalid("items", WantError::Empty.to_string()));
    }
    let offers = look_up(state, &wants).await?;
    basket_of(&wants, &offers)
}

impl From<CartItem> for Want {
    fn from(item: CartItem) -> Self {
        Self {
            product: ProductId(item.product_id),
            variant: Some(VariantId(item.variant_id)),
            quantity: item.quantity,
        }
    }
}

async fn look_up(state: &AppState, wants: &[Want]) -> Result<Vec<Offer>, Error> {
    let variants: BTreeSet<Uuid> = wants
        .iter()
        .filter_map(|want| Some(want.variant?.0))
        .collect();
    let products = wants.iter().filter(|want| want.variant.is_none());
    let products: BTreeSet<Uuid> = products.map(|want| want.product.0).collect();
    let variants: Vec<Uuid> = variants.into_iter().collect();
    let products: Vec<Uuid> = products.into_iter().collect();
    Ok(state.catalog.offers(&variants, &products).await?)
}

/// Finds an offer for each want and merges those of the same variant.
fn basket_of(wants: &[Want], offers: &[Offer]) -> Result<Basket, Error> {
    let mut by_variant: BTreeMap<VariantId, &Offer> = BTreeMap::new();
    for offer in offers {
        by_variant.insert(offer.variant, offer);
    }
    let mut chosen = Vec::with_capacity(wants.len());
    for (line, want) in wants.iter().enumerate() {
        let offer = choose(line, want, offers, &by_variant)?;
        chosen.push((offer.variant, want.quantity));
    }
    let merged = quantity::merge(chosen).map_err(|error| {
        let field = match error {
            WantError::Quantity { line } => format!("items.{line}.quantity"),
            WantError::Empty | WantError::TooMany => "items".to_owned(),
        };
        Error::invalid(field, error.to_string())
    })?;
    let lines: Vec<(Offer, u32)> = merged
        .into_iter()
        .filter_map(|(variant, quantity)| Some(((*by_variant.get(&variant)?).clone(), quantity)))
        .collect();
    let currency = one_currency(&lines)?;
    Ok(Basket { currency, lines })
}

fn choose<'a>(
    line: usize,
    want: &Want,
    offers: &'a [Offer],
    by_variant: &BTreeMap<VariantId, &'a Offer>,
) -> Result<&'a Offer, Error> {
    let refuse = |field: &str, why: &str| {
        Err(Error::invalid(
            format!("items.{line}.{field}"),
            why.to_owned(),
        ))
    };
    let found = match want.variant {
        Some(variant) => by_variant.get(&variant).copied(),
        None => {
            let mut of_product = offers
                .iter()
                .filter(|offer| offer.product == want.product && offer.is_active);
            let first = of_product.next();
            if of_product.next().is_some() || first.is_some_and(|offer| offer.variants > 1) {
                return refuse("variantId", "is required: the product has several variants");
            }
            first
        }
    };
    match found {
        Some(offer) if offer.product != want.product => {
            refuse("variantId", "is no variant of the product")
        }
        Some(offer) if offer.is_active => Ok(offer),
        Some(_) | None => refuse("productId", "is not for sale"),
    }
}

fn one_currency(lines: &[(Offer, u32)]) -> Result<Currency, Error> {
    let mut currencies = lines.iter().map(|(offer, _)| offer.price.currency());
    let first = currencies
        .next()
        .ok_or_else(|| Error::Bug("a basket without lines".to_owned()))?;
    if currencies.any(|currency| currency != first) {
        return Err(Error::invalid("items", "must be priced in one currency"));
    }
    Ok(first)
}

/// Prices a basket.
pub(crate) async fn price(
    conn: &mut AsyncPgConnection,
    state: &AppState,
    basket: Basket,
    terms: &Terms,
    buyer: Option<UserId>,
) -> Result<Quote, Error> {
    let goods = basket.goods()?;
    let methods =
        store::rules::methods(conn, &terms.country, &terms.state, basket.currency).await?;
    let method = choose_method(&methods, terms, basket.currency)?.clone();
    let tax = store::rules::tax_rate(conn, &terms.country, &terms.state).await?;
    let tax = tax.unwrap_or_else(TaxRate::none);
    let coupon = match &terms.coupon {
        None => None,
        Some(code) => Some(usable(conn, state, code, goods, buyer, Hold::Look).await?),
    };
    let is_free = method
        .free_from
        .is_some_and(|from| goods.minor() >= from.minor());
    let lines: Vec<PricedAt> = basket
        .lines
        .iter()
        .map(|(offer, quantity)| PricedAt {
            unit_price: offer.price,
            quantity: *quantity,
        })
        .collect();
    let totals = Costs {
        currency: basket.currency,
        lines: &lines,
        discount: coupon.as_ref().map(|coupon| coupon.discount),
        shipping: if is_free {
            Money::zero(basket.currency)
        } else {
            method.price
        },
        tax: &tax,
        prices: state.settings.prices,
    }
    .add_up()?;
    Ok(Quote {
        basket,
        totals,
        tax,
        method,
        methods,
        coupon,
    })
}

fn choose_method<'a>(
    methods: &'a [Method],
    terms: &Terms,
    currency: Currency,
) -> Result<&'a Method, Error> {
    if methods.is_empty() {
        let why = format!("we do not ship to {} for {currency}", terms.country);
        return Err(Error::invalid("shippingAddress.country", why));
    }
    match &terms.method {
        Some(code) => methods
            .iter()
            .find(|method| method.code == *code)
            .ok_or_else(|| Error::invalid("shippingMethod", "does not go there")),
        None => methods
            .iter()
            .find(|method| method.is_default)
            .ok_or_else(|| Error::invalid("shippingMethod", "is required: there is no default")),
    }
}

/// A coupon that may be used for goods of this price now.
pub(super) async fn usable(
    conn: &mut AsyncPgConnection,
    state: &AppState,
    code: &str,
    goods: Money,
    buyer: Option<UserId>,
    hold: Hold,
) -> Result<Coupon, Error> {
    let coupon = store::coupons::find(conn, code, buyer, hold).await?;
    let coupon = coupon.ok_or(CouponError::Unknown)?;
    coupon.check(goods, state.clock.now())?;
    Ok(coupon)
}

/// What can be paid at least, in hundredths (Paystack, "Supported currencies").
fn least(currency: Currency) -> i64 {
    match currency {
        Currency::Ngn => 5_000,
        Currency::Usd => 200,
        Currency::Ghs => 10,
        Currency::Kes => 300,
        Currency::Zar | Currency::Xof => 100,
    }
}

/// Whether a total can be paid. Nothing at all needs no payment.
pub(crate) fn check_payable(state: &AppState, total: Money) -> Result<(), Error> {
    let currency = total.currency();
    let least = Money::from_minor(least(currency), currency);
    if !total.is_zero() && total.minor() < least.minor() {
        return Err(Error::TooSmall(least));
    }
    let most = state.settings.amount_max.get(currency.code()).copied();
    match most.filter(|most| total.minor() > *most) {
        Some(most) => Err(Error::TooLarge(Money::from_minor(most, currency))),
        None => Ok(()),
    }
}
