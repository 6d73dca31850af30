//! The catalogue changed: what is known of it for when it is away follows.

use diesel_async::AsyncConnection as _;
use events::Event;
use messaging::inbox::{self, Seen};
use messaging::{Outcome, Received};

use super::Error;
use crate::domain::ids::{ProductId, VariantId};
use crate::startup::AppState;
use crate::store;

/// A product or one of its variants is new or different: asks what they are like now, if any was ever put in a cart.
pub(crate) async fn refresh<E: Event + Sync>(
    state: &AppState,
    event: &Received<E>,
    product: ProductId,
) -> Result<Outcome, Error> {
    let asked_at = state.clock.now();
    let is_known = {
        let mut conn = state.work_db.get().await?;
        store::known_variants::knows_product(&mut conn, product).await?
    };
    let offers = if is_known {
        Some(state.catalogue.of_product(product).await?)
    } else {
        None
    };
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        if inbox::record(conn, event).await? == Seen::Before {
            return Ok(Outcome::Duplicate);
        }
        let Some(offers) = &offers else {
            return Ok(Outcome::Applied);
        };
        if !offers.is_empty() {
            store::known_variants::note(conn, offers, asked_at).await?;
        }
        let kept: Vec<VariantId> = offers.iter().map(|offer| offer.variant_id).collect();
        store::known_variants::note_gone_but(conn, product, &kept, asked_at).await?;
        Ok(Outcome::Applied)
    })
    .await
}

/// What is gone, in the words of its event.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Gone {
    /// A product with all its variants.
    Product(ProductId),
    /// A variant.
    Variant(VariantId),
}

/// A product or a variant is gone: lines of it stay, and none can be bought.
pub(crate) async fn note_gone<E: Event + Sync>(
    state: &AppState,
    event: &Received<E>,
    gone: Gone,
) -> Result<Outcome, Error> {
    let now = state.clock.now();
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        if inbox::record(conn, event).await? == Seen::Before {
            return Ok(Outcome::Duplicate);
        }
        match gone {
            Gone::Product(product) => {
                store::known_variants::note_gone_but(conn, product, &[], now).await?;
            }
            Gone::Variant(variant) => {
                store::known_variants::note_gone(conn, variant, now).await?;
            }
        }
        Ok(Outcome::Applied)
    })
    .await
}
