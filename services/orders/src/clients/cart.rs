//! Carts: what a buyer has put together.

use common::client::{CallError, Sibling};
use serde::Deserialize;
use uuid::Uuid;

use crate::domain::ids::UserId;

/// What is in a cart. Prices are the catalogue's to say.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CartItem {
    pub(crate) product_id: Uuid,
    pub(crate) variant_id: Uuid,
    pub(crate) quantity: u32,
}

#[derive(Deserialize)]
struct Answer {
    cart: Cart,
}

#[derive(Deserialize)]
struct Cart {
    items: Vec<CartItem>,
}

/// A client of `GET /internal/carts/{userId}`.
pub(crate) struct Carts(Sibling);

impl Carts {
    /// Over a client of the cart service.
    pub(crate) fn new(cart: Sibling) -> Self {
        Self(cart)
    }

    /// What is in a buyer's cart; nothing for somebody who has none.
    pub(crate) async fn of(&self, user: UserId) -> Result<Vec<CartItem>, CallError> {
        let path = format!("/internal/carts/{user}");
        let answer: Answer = self.0.get(super::url(&self.0, "cart", &path)?).await?;
        Ok(answer.cart.items)
    }
}
