//! Putting something in a cart.

use std::collections::HashMap;

use common::ids;
use diesel_async::AsyncConnection as _;
use messaging::idempotency::Making;

use super::Error;
use super::get_cart::view;
use super::shopper::Identified;
use super::writer::{self, Missing, Outcome, Write};
use crate::domain::cart::{Cart, Change};
use crate::domain::ids::{CartId, LineId, ProductId, VariantId};
use crate::domain::offer::Offer;
use crate::domain::view::CartView;
use crate::startup::AppState;
use crate::store;
use crate::store::locking::Held;

/// What to put in, and how many.
#[derive(Debug, Clone)]
pub(crate) struct AddItem {
    pub(crate) product_id: ProductId,
    /// May be left out when the product has one variant.
    pub(crate) variant_id: Option<VariantId>,
    pub(crate) quantity: u32,
}

/// Puts something in the cart.
pub(crate) async fn add_item(
    state: &AppState,
    buyer: &Identified,
    command: &AddItem,
) -> Result<CartView, Error> {
    let write = write(state, buyer, command, LineId(ids::new_id())).await?;
    let cart = state.writer.write(write).await?;
    view(state, &cart).await
}

/// The same under a key: effect and answer commit together, so a repetition finds both or neither.
pub(crate) async fn add_item_keyed(
    state: &AppState,
    buyer: &Identified,
    command: &AddItem,
    making: &Making<CartView>,
) -> Result<CartView, Error> {
    let line_id = LineId(making.id);
    let write = write(state, buyer, command, line_id).await?;
    let rules = state.settings.rules();
    let mut conn = state.db.get().await?;
    let (cart, shown) = conn
        .transaction(async |conn| {
            let outcomes =
                writer::apply(conn, std::slice::from_ref(&write), rules, Held::Wait).await?;
            let cart = match outcomes.into_iter().next() {
                Some(Outcome::Done(cart)) => cart,
                Some(Outcome::Refused(refusal)) => return Err(Error::Refused(refusal)),
                Some(Outcome::NoCart) => return Err(Error::NoCart),
                Some(Outcome::Held) => return Err(Error::Busy("the cart is being changed")),
                None => return Err(Error::Bug("a change without an outcome".to_owned())),
            };
            let shown = stored_view(state, conn, &cart, &write.change).await?;
            making.settle(conn, &shown).await?;
            Ok((cart, shown))
        })
        .await?;
    state.cache.put(vec![cart]);
    Ok(shown)
}

/// The cart by what is in the database, as nobody else is asked while a transaction is open; what is added is known freshly.
async fn stored_view(
    state: &AppState,
    conn: &mut diesel_async::AsyncPgConnection,
    cart: &Cart,
    change: &Change,
) -> Result<CartView, Error> {
    let ids: Vec<VariantId> = cart.lines.iter().map(|line| line.variant_id).collect();
    let known = store::known_variants::find(conn, &ids).await?;
    let known = known.into_iter().map(|offer| (offer.variant_id, offer));
    let mut offers: HashMap<VariantId, Offer> = known.collect();
    if let Change::Add { offer, .. } = change {
        offers.insert(offer.variant_id, offer.clone());
    }
    Ok(CartView::of(cart, &offers, state.settings.currency)?)
}

async fn write(
    state: &AppState,
    buyer: &Identified,
    command: &AddItem,
    line_id: LineId,
) -> Result<Write, Error> {
    let offer = offer(state, command).await?;
    let missing = match (buyer.is_known, &buyer.token) {
        // A known guest's cart that is gone meanwhile is not made again under the old token.
        (true, Some(_)) => Missing::Refuse,
        _ => Missing::Make(CartId(ids::new_id())),
    };
    Ok(Write {
        owner: buyer.owner,
        change: Change::Add {
            line_id,
            offer,
            quantity: command.quantity,
        },
        missing,
    })
}

/// What is to be put in. A thing that is not for sale is not there for shoppers.
async fn offer(state: &AppState, command: &AddItem) -> Result<Offer, Error> {
    let offer = match command.variant_id {
        Some(id) => {
            let offer = state.catalogue.offer(id).await?;
            let offer = offer.ok_or(Error::NotFound("variant"))?;
            if offer.product_id != command.product_id {
                return Err(Error::Invalid("variantId", "is not of this product"));
            }
            offer
        }
        None => only_variant(state.catalogue.offers_of(command.product_id).await?)?,
    };
    if offer.is_active {
        Ok(offer)
    } else {
        Err(Error::NotFound("product"))
    }
}

fn only_variant(mut offers: Vec<Offer>) -> Result<Offer, Error> {
    let offer = offers.pop().ok_or(Error::NotFound("product"))?;
    if offers.is_empty() && offer.variant_count <= 1 {
        return Ok(offer);
    }
    Err(Error::Invalid(
        "variantId",
        "is required, as the product has several variants",
    ))
}
