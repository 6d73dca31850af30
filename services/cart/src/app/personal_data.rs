//! What this service holds about a person: told to that person, or erased.

use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection as _;
use events::auth::EraseRequested;
use events::shared::PrivacyErased;
use messaging::inbox::{self, Seen};
use messaging::{Outcome, Received};
use money::{Currency, SignedAmount};
use serde::Serialize;
use uuid::Uuid;

use super::Error;
use crate::SERVICE;
use crate::domain::cart::Cart;
use crate::domain::ids::UserId;
use crate::domain::owner::Owner;
use crate::startup::AppState;
use crate::store;

/// One person's data in the cart service.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonalData {
    carts: Vec<CartData>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CartData {
    currency: Option<Currency>,
    updated_at: DateTime<Utc>,
    items: Vec<LineData>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LineData {
    product_id: Uuid,
    variant_id: Uuid,
    quantity: u32,
    unit_price: SignedAmount,
    added_at: DateTime<Utc>,
}

impl From<&Cart> for CartData {
    fn from(cart: &Cart) -> Self {
        let items = cart.lines.iter().map(|line| LineData {
            product_id: line.product_id.0,
            variant_id: line.variant_id.0,
            quantity: line.quantity,
            unit_price: line.seen_price.amount(),
            added_at: line.added_at,
        });
        Self {
            currency: cart.currency,
            updated_at: cart.updated_at,
            items: items.collect(),
        }
    }
}

/// Gathers a person's data. Somebody who never had a cart has an empty list; that is no error, as only auth knows who exists.
pub(crate) async fn gather(state: &AppState, user: UserId) -> Result<PersonalData, Error> {
    let cart = state.reader.read(Owner::User(user)).await?;
    Ok(PersonalData {
        carts: cart.iter().map(|cart| CartData::from(&**cart)).collect(),
    })
}

/// Forgets a person and confirms it.
pub(crate) async fn erase(
    state: &AppState,
    event: &Received<EraseRequested>,
) -> Result<Outcome, Error> {
    let trail = state.trail();
    let asked = &event.body;
    let mut conn = state.work_db.get().await?;
    let erased = conn
        .transaction(async |conn| {
            if inbox::record(conn, event).await? == Seen::Before {
                return Ok::<_, Error>(None);
            }
            let cart = store::personal_data::erase(conn, UserId(asked.user_id)).await?;
            let confirmed = PrivacyErased {
                request_id: asked.request_id,
                user_id: asked.user_id,
                service: SERVICE.name.to_owned(),
            };
            trail.event(conn, &confirmed, 1).await?;
            Ok(Some(cart))
        })
        .await?;
    match erased {
        None => Ok(Outcome::Duplicate),
        Some(cart) => {
            if let Some(cart) = cart {
                state.cache.forget(cart).await;
            }
            Ok(Outcome::Applied)
        }
    }
}
