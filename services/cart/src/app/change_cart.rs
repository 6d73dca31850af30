//! Changing what is in a cart.

use super::Error;
use super::get_cart::{get_cart, view};
use super::shopper::Shopper;
use super::writer::{Missing, Write};
use crate::domain::cart::{Change, Refusal};
use crate::domain::ids::LineId;
use crate::domain::owner::Owner;
use crate::domain::view::CartView;
use crate::startup::AppState;
use crate::store;

/// Has so many of a line; none takes it out.
pub(crate) async fn change_item(
    state: &AppState,
    shopper: &Shopper,
    line_id: LineId,
    quantity: u32,
) -> Result<CartView, Error> {
    let owner = shopper.owner().ok_or(Refusal::NoSuchLine)?;
    if quantity == 0 {
        return change(state, owner, Change::Remove(line_id)).await;
    }
    let variant = {
        let mut conn = state.db.get().await?;
        store::carts::variant_of_line(&mut conn, owner, line_id).await?
    };
    // A line is of one variant for as long as it is there, so what is asked now holds for the change.
    let variant = variant.ok_or(Refusal::NoSuchLine)?;
    let offer = state.catalogue.offer(variant).await?;
    let offer = offer.ok_or(Refusal::Insufficient(0))?;
    let set = Change::SetQuantity {
        line_id,
        offer,
        quantity,
    };
    change(state, owner, set).await
}

/// Takes a line out.
pub(crate) async fn remove_item(
    state: &AppState,
    shopper: &Shopper,
    line_id: LineId,
) -> Result<CartView, Error> {
    let owner = shopper.owner().ok_or(Refusal::NoSuchLine)?;
    change(state, owner, Change::Remove(line_id)).await
}

/// Takes everything out. A cart that is empty, or not there, is empty already.
pub(crate) async fn clear_cart(state: &AppState, shopper: &Shopper) -> Result<CartView, Error> {
    let Some(owner) = shopper.owner() else {
        return get_cart(state, shopper).await;
    };
    match change(state, owner, Change::Clear).await {
        Err(Error::Refused(Refusal::NoSuchLine)) => get_cart(state, shopper).await,
        other => other,
    }
}

async fn change(state: &AppState, owner: Owner, change: Change) -> Result<CartView, Error> {
    let write = Write {
        owner,
        change,
        missing: Missing::Refuse,
    };
    match state.writer.write(write).await {
        Ok(cart) => view(state, &cart).await,
        // Without a cart there is no line either.
        Err(Error::NoCart) => Err(Refusal::NoSuchLine.into()),
        Err(error) => Err(error),
    }
}
