//! A cart on the wire.

use chrono::{DateTime, Utc};
use money::SignedAmount;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::view::{CartView, ItemView};

/// A cart, with the prices and the availability of now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Cart, example = json!({
    "id": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f", "items": [{
        "id": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e60", "productId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e61",
        "variantId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e62", "sku": "LACE-RED-5", "title": "Royal lace", "name": "Red, 5 yards",
        "thumbnail": null, "quantity": 2, "unitPrice": 15000.00, "lineTotal": 30000.00, "available": 12,
        "priceChanged": true, "previousPrice": 14500.00
    }], "subtotal": 30000.00, "itemCount": 2, "currency": "NGN", "updatedAt": "2026-01-13T10:30:00.123456Z"
}))]
pub(super) struct CartBody {
    /// Its id; `null` as long as there is no cart.
    id: Option<Uuid>,
    /// What is in it, in the order in which it came.
    items: Vec<ItemBody>,
    /// What everything in it costs.
    #[schema(value_type = f64)]
    subtotal: SignedAmount,
    /// How many things are in it.
    item_count: u32,
    /// The currency of every amount.
    currency: &'static str,
    /// When it was last changed; `null` as long as there is no cart.
    updated_at: Option<DateTime<Utc>>,
}

/// So many of one variant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CartItem)]
struct ItemBody {
    /// The line's id.
    id: Uuid,
    /// The product.
    product_id: Uuid,
    /// The variant.
    variant_id: Uuid,
    /// How the shop's staff calls it.
    sku: String,
    /// The product's title.
    title: String,
    /// What tells the variant from the product's others.
    name: Option<String>,
    /// A small picture.
    thumbnail: Option<String>,
    /// How many.
    quantity: u32,
    /// What one costs now.
    #[schema(value_type = f64)]
    unit_price: SignedAmount,
    /// What all of them cost now.
    #[schema(value_type = f64)]
    line_total: SignedAmount,
    /// How many there are to buy; for display, as only an order holds any. 0 for what is not sold any more.
    available: i64,
    /// Whether one cost something else when the line was last added to or changed.
    price_changed: bool,
    /// What one cost then, if it was something else.
    #[schema(value_type = Option<f64>)]
    previous_price: Option<SignedAmount>,
}

impl From<&CartView> for CartBody {
    fn from(cart: &CartView) -> Self {
        Self {
            id: cart.id.map(|id| id.0),
            items: cart.items.iter().map(ItemBody::from).collect(),
            subtotal: cart.subtotal.amount(),
            item_count: cart.item_count,
            currency: cart.subtotal.currency().code(),
            updated_at: cart.updated_at,
        }
    }
}

impl From<&ItemView> for ItemBody {
    fn from(item: &ItemView) -> Self {
        Self {
            id: item.id.0,
            product_id: item.product_id.0,
            variant_id: item.variant_id.0,
            sku: item.sku.clone(),
            title: item.title.clone(),
            name: item.name.clone(),
            thumbnail: item.thumbnail.clone(),
            quantity: item.quantity,
            unit_price: item.unit_price.amount(),
            line_total: item.line_total.amount(),
            available: item.available,
            price_changed: item.previous_price.is_some(),
            previous_price: item.previous_price.map(money::Money::amount),
        }
    }
}

/// One cart under its name.
#[derive(Serialize, ToSchema)]
pub(super) struct CartData {
    /// The cart.
    cart: CartBody,
}

impl From<&CartView> for CartData {
    fn from(cart: &CartView) -> Self {
        Self { cart: cart.into() }
    }
}
