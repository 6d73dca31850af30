//! Looking at a cart.

use super::Error;
use super::shopper::Shopper;
use crate::domain::cart::Cart;
use crate::domain::owner::Owner;
use crate::domain::view::CartView;
use crate::startup::AppState;

/// The shopper's cart, with the prices and the availability of now; an empty one for somebody who has none.
pub(crate) async fn get_cart(state: &AppState, shopper: &Shopper) -> Result<CartView, Error> {
    match shopper.owner() {
        Some(owner) => cart_of(state, owner).await,
        None => Ok(CartView::empty(state.settings.currency)),
    }
}

/// An owner's cart.
pub(crate) async fn cart_of(state: &AppState, owner: Owner) -> Result<CartView, Error> {
    match state.reader.read(owner).await? {
        Some(cart) => view(state, &cart).await,
        None => Ok(CartView::empty(state.settings.currency)),
    }
}

/// A cart as its owner sees it.
pub(crate) async fn view(state: &AppState, cart: &Cart) -> Result<CartView, Error> {
    let offers = state.catalogue.offers_in(cart).await?;
    Ok(CartView::of(cart, &offers, state.settings.currency)?)
}
