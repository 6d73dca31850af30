//! A guest signs in: what is in the guest's cart goes into the person's.

use std::sync::Arc;

use common::ids;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};

use super::Error;
use super::get_cart::{cart_of, view};
use super::writer::{self, Missing, Outcome, Rules, Write};
use crate::domain::cart::{Cart, Change};
use crate::domain::ids::{CartId, UserId};
use crate::domain::owner::{GuestToken, Owner};
use crate::domain::view::CartView;
use crate::startup::AppState;
use crate::store::locking::{self, Held, LockedCart};

/// Puts a guest's cart into a person's and removes it, in one transaction: whoever comes later, with the same request or at
/// the same moment, finds no guest's cart, and the person's as it is. Who has the token is the guest.
pub(crate) async fn merge_cart(
    state: &AppState,
    user: UserId,
    token: Option<&GuestToken>,
) -> Result<CartView, Error> {
    let person = Owner::User(user);
    let Some(token) = token else {
        return cart_of(state, person).await;
    };
    let guest = Owner::Guest(token.hash());
    let rules = state.settings.rules();
    let mut conn = state.db.get().await?;
    let merged = conn
        .transaction(async |conn| merge(conn, person, guest, rules).await)
        .await?;
    drop(conn);
    match merged {
        Some((cart, gone)) => {
            state.cache.put(vec![Arc::clone(&cart)]);
            state.cache.forget(gone).await;
            view(state, &cart).await
        }
        None => cart_of(state, person).await,
    }
}

async fn merge(
    conn: &mut AsyncPgConnection,
    person: Owner,
    guest: Owner,
    rules: Rules,
) -> Result<Option<(Arc<Cart>, CartId)>, Error> {
    // Both at once, and so in the order of ids, like everybody who locks more than one.
    let locked = locking::lock(conn, &[person, guest], Held::Wait).await?;
    let Some(guests) = locked.iter().find(|cart| cart.owner == guest) else {
        return Ok(None);
    };
    let cart = absorb(conn, person, guests, rules).await?;
    locking::remove(conn, guests).await?;
    Ok(Some((cart, guests.cart.id)))
}

async fn absorb(
    conn: &mut AsyncPgConnection,
    person: Owner,
    guests: &LockedCart,
    rules: Rules,
) -> Result<Arc<Cart>, Error> {
    // A line keeps its id in one cart only.
    let mut lines = guests.cart.lines.clone();
    for line in &mut lines {
        line.id.0 = ids::new_id();
    }
    let write = Write {
        owner: person,
        change: Change::Absorb(lines),
        missing: Missing::Make(CartId(ids::new_id())),
    };
    let outcomes = writer::apply(conn, &[write], rules, Held::Wait).await?;
    match outcomes.into_iter().next() {
        Some(Outcome::Done(cart)) => Ok(cart),
        Some(Outcome::Refused(refusal)) => Err(refusal.into()),
        Some(Outcome::NoCart | Outcome::Held) | None => {
            Err(Error::Busy("the cart is being changed"))
        }
    }
}
