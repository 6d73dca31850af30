//! A quote on the wire.

use money::{Currency, SignedAmount};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::pricing::Quote;
use crate::store::rules::Method;

/// What an order would come to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuoteBody {
    items: Vec<QuotedItem>,
    #[schema(value_type = f64)]
    subtotal: SignedAmount,
    #[schema(value_type = f64)]
    discount: SignedAmount,
    #[schema(value_type = f64)]
    shipping: SignedAmount,
    #[schema(value_type = f64)]
    tax: SignedAmount,
    #[schema(value_type = f64)]
    total: SignedAmount,
    #[schema(value_type = String, example = "NGN")]
    currency: Currency,
    coupon_code: Option<String>,
    #[schema(example = "standard")]
    shipping_method: String,
    /// All ways to ship there.
    shipping_methods: Vec<MethodBody>,
}

/// A line of a quote.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuotedItem {
    product_id: Uuid,
    variant_id: Uuid,
    sku: String,
    title: String,
    quantity: u32,
    #[schema(value_type = f64)]
    unit_price: SignedAmount,
    #[schema(value_type = f64)]
    line_total: SignedAmount,
    #[schema(value_type = f64)]
    tax: SignedAmount,
    #[schema(value_type = f64)]
    discount: SignedAmount,
}

/// A quote under its name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuoteData {
    quote: QuoteBody,
}

/// A way to ship.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MethodBody {
    #[schema(example = "standard")]
    code: String,
    #[schema(example = "Standard delivery")]
    name: String,
    #[schema(value_type = f64)]
    price: SignedAmount,
    #[schema(value_type = String, example = "NGN")]
    currency: Currency,
    /// Goods of so much travel free; null: never.
    #[schema(value_type = Option<f64>)]
    free_from: Option<SignedAmount>,
    estimated_days: Days,
    is_default: bool,
}

/// From so many days to so many.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Days {
    min: i32,
    max: i32,
}

impl From<&Method> for MethodBody {
    fn from(method: &Method) -> Self {
        let (min, max) = method.days;
        Self {
            code: method.code.clone(),
            name: method.name.clone(),
            price: method.price.amount(),
            currency: method.price.currency(),
            free_from: method.free_from.map(money::Money::amount),
            estimated_days: Days { min, max },
            is_default: method.is_default,
        }
    }
}

impl QuoteData {
    /// A quote as it is answered.
    pub(super) fn of(quote: &Quote) -> Self {
        let lines = quote.basket.lines.iter().zip(&quote.totals.lines);
        let items = lines.map(|((offer, quantity), totals)| QuotedItem {
            product_id: offer.product.0,
            variant_id: offer.variant.0,
            sku: offer.sku.clone(),
            title: offer.title.clone(),
            quantity: *quantity,
            unit_price: offer.price.amount(),
            line_total: totals.total.amount(),
            tax: totals.tax.amount(),
            discount: totals.discount.amount(),
        });
        let totals = &quote.totals;
        let quote = QuoteBody {
            items: items.collect(),
            subtotal: totals.subtotal.amount(),
            discount: totals.discount.amount(),
            shipping: totals.shipping.amount(),
            tax: totals.tax.amount(),
            total: totals.total.amount(),
            currency: quote.basket.currency,
            coupon_code: quote.coupon.as_ref().map(|coupon| coupon.code.clone()),
            shipping_method: quote.method.code.clone(),
            shipping_methods: quote.methods.iter().map(MethodBody::from).collect(),
        };
        Self { quote }
    }
}
