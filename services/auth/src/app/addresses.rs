//! The address book.

use common::auth::CurrentUser;
use common::crypto::{Place, Sealer};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use messaging::idempotency::Making;
use serde_json::json;

use super::Error;
use super::trail::{Actor, Trail};
use crate::domain::address::{ADDRESSES_MAX, Address, AddressChange, AddressProblem, AddressText};
use crate::domain::ids::{AddressId, UserId};
use crate::startup::AppState;
use crate::store;
use crate::store::addresses::{ADDRESS_COLUMN, AddressRow};

/// An entry of the book, opened.
#[derive(Clone)]
pub(crate) struct Entry {
    /// Its id.
    pub(crate) id: AddressId,
    /// Whether checkout proposes it.
    pub(crate) is_default: bool,
    /// What it says, in its normal form.
    pub(crate) address: AddressText,
}

/// A new entry as its owner wrote it.
pub(crate) struct AddAddress {
    /// What it says.
    pub(crate) text: AddressText,
    /// Whether it becomes the default; the first one does anyway.
    pub(crate) is_default: bool,
}

/// A change to an entry.
pub(crate) struct ChangeAddress {
    /// What changes about the address.
    pub(crate) change: AddressChange,
    /// Whether it becomes the default.
    pub(crate) is_default: Option<bool>,
}

/// All entries of the caller's book, the default first.
pub(crate) async fn list_addresses(
    state: &AppState,
    caller: &CurrentUser,
) -> Result<Vec<Entry>, Error> {
    let mut conn = state.db.get().await?;
    let rows = store::addresses::list(&mut conn, UserId(caller.id)).await?;
    rows.iter().map(|row| open(&state.pii, row)).collect()
}

/// One entry of the caller's book.
pub(crate) async fn get_address(
    state: &AppState,
    caller: &CurrentUser,
    id: AddressId,
) -> Result<Entry, Error> {
    let mut conn = state.db.get().await?;
    let row = store::addresses::find(&mut conn, UserId(caller.id), id).await?;
    open(&state.pii, &row.ok_or(NOT_FOUND)?)
}

/// Adds an entry to the caller's book.
pub(crate) async fn add_address(
    state: &AppState,
    caller: &CurrentUser,
    command: AddAddress,
    making: &Making<Entry>,
) -> Result<Entry, Error> {
    let address = Address::parse(command.text).map_err(invalid)?;
    let user = UserId(caller.id);
    let id = AddressId(making.id);
    let sealed = seal(&state.pii, id, &address)?;
    let trail = Trail::new(Actor::User(user, caller.role), state.clock.now());
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let present = lock_and_count(conn, user).await?;
        if present >= ADDRESSES_MAX {
            return Err(Error::InvalidState(
                "an address book holds at most 50 addresses",
            ));
        }
        let is_default = command.is_default || present == 0;
        if is_default {
            store::addresses::clear_default(conn, user).await?;
        }
        let row = AddressRow {
            id: id.0,
            user_id: user.0,
            address_ct: sealed,
            key_id: state.pii.current_key().to_owned(),
            is_default,
            version: 1,
            created_at: trail.now(),
            updated_at: trail.now(),
        };
        store::addresses::insert(conn, &row).await?;
        audit(conn, &trail, "address.added", id).await?;
        let entry = Entry {
            id,
            is_default,
            address: address.into(),
        };
        making.settle(conn, &entry).await?;
        Ok(entry)
    })
    .await
}

/// Changes an entry of the caller's book; what the change does not name stays.
pub(crate) async fn change_address(
    state: &AppState,
    caller: &CurrentUser,
    id: AddressId,
    command: ChangeAddress,
) -> Result<Entry, Error> {
    let user = UserId(caller.id);
    let trail = Trail::new(Actor::User(user, caller.role), state.clock.now());
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        lock_and_count(conn, user).await?;
        let mut row = store::addresses::find(conn, user, id)
            .await?
            .ok_or(NOT_FOUND)?;
        let changed = open(&state.pii, &row)?.address.changed(command.change);
        let address = Address::parse(changed).map_err(invalid)?;
        match command.is_default {
            Some(true) if !row.is_default => {
                store::addresses::clear_default(conn, user).await?;
                row.is_default = true;
            }
            Some(false) if row.is_default => {
                return Err(Error::Invalid {
                    field: "isDefault",
                    message: "make another address the default instead",
                });
            }
            _ => {}
        }
        row.address_ct = seal(&state.pii, id, &address)?;
        row.key_id = state.pii.current_key().to_owned();
        row.updated_at = trail.now();
        store::addresses::update(conn, &row).await?;
        audit(conn, &trail, "address.changed", id).await?;
        Ok(Entry {
            id,
            is_default: row.is_default,
            address: address.into(),
        })
    })
    .await
}

/// Takes an entry out of the caller's book. If it was the default, the newest one left takes its place.
pub(crate) async fn remove_address(
    state: &AppState,
    caller: &CurrentUser,
    id: AddressId,
) -> Result<(), Error> {
    let user = UserId(caller.id);
    let trail = Trail::new(Actor::User(user, caller.role), state.clock.now());
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        lock_and_count(conn, user).await?;
        let removed = store::addresses::delete(conn, user, id)
            .await?
            .ok_or(NOT_FOUND)?;
        if removed.is_default {
            store::addresses::promote_newest(conn, user).await?;
        }
        audit(conn, &trail, "address.removed", id).await
    })
    .await
}

const NOT_FOUND: Error = Error::NotFound("address");

/// Writes to one book follow one another, so that neither the limit nor the one default can be raced.
async fn lock_and_count(conn: &mut AsyncPgConnection, user: UserId) -> Result<i64, Error> {
    if !store::addresses::lock_book(conn, user).await? {
        return Err(Error::NotFound("account"));
    }
    Ok(store::addresses::count(conn, user).await?)
}

async fn audit(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    action: &str,
    id: AddressId,
) -> Result<(), Error> {
    Ok(trail
        .audit_of(conn, action, ("address", &id.to_string()), json!({}))
        .await?)
}

fn invalid(problems: Vec<AddressProblem>) -> Error {
    let fields = problems
        .into_iter()
        .map(|problem| (problem.field, problem.message))
        .collect();
    Error::InvalidFields(fields)
}

fn seal(sealer: &Sealer, id: AddressId, address: &Address) -> Result<Vec<u8>, Error> {
    let text = AddressText::from(address.clone());
    let json = serde_json::to_vec(&text).map_err(|error| Error::Bug(error.to_string()))?;
    Ok(sealer.seal(place(id), &json)?)
}

/// Opens an entry that was read. It is not checked again: rules may have changed since, and the address is still its
/// owner's.
pub(crate) fn open(sealer: &Sealer, row: &AddressRow) -> Result<Entry, Error> {
    let id = AddressId(row.id);
    let json = sealer.open(place(id), &row.address_ct)?;
    let address = serde_json::from_slice(&json)
        .map_err(|error| Error::Bug(format!("address {id} cannot be read: {error}")))?;
    Ok(Entry {
        id,
        is_default: row.is_default,
        address,
    })
}

fn place(id: AddressId) -> Place<'static> {
    Place {
        column: ADDRESS_COLUMN,
        row: id.0,
    }
}
