//! The address book. An address is one sealed document, bound to its row.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::auth::{addresses, users};
use crate::domain::ids::{AddressId, UserId};

/// Where an address is sealed to.
pub(crate) const ADDRESS_COLUMN: &str = "addresses.address";

/// An entry of the book, still sealed.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = addresses)]
pub(crate) struct AddressRow {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) address_ct: Vec<u8>,
    pub(crate) key_id: String,
    pub(crate) is_default: bool,
    pub(crate) version: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// Holds the account's row, so that writes to one book follow one another; `false` if the account is gone.
pub(crate) async fn lock_book(conn: &mut AsyncPgConnection, user: UserId) -> QueryResult<bool> {
    let found = users::table
        .find(user.0)
        .filter(users::erased_at.is_null())
        .select(users::id)
        .for_no_key_update()
        .first::<Uuid>(conn)
        .await
        .optional()?;
    Ok(found.is_some())
}

/// All entries of a book, the default first, then the newest.
pub(crate) async fn list(
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> QueryResult<Vec<AddressRow>> {
    addresses::table
        .filter(addresses::user_id.eq(user.0))
        .order((
            addresses::is_default.desc(),
            addresses::created_at.desc(),
            addresses::id.desc(),
        ))
        .select(AddressRow::as_select())
        .load(conn)
        .await
}

/// An entry of this book; none if it is not there or somebody else's.
pub(crate) async fn find(
    conn: &mut AsyncPgConnection,
    user: UserId,
    address: AddressId,
) -> QueryResult<Option<AddressRow>> {
    addresses::table
        .find(address.0)
        .filter(addresses::user_id.eq(user.0))
        .select(AddressRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// How many entries a book has.
pub(crate) async fn count(conn: &mut AsyncPgConnection, user: UserId) -> QueryResult<i64> {
    addresses::table
        .filter(addresses::user_id.eq(user.0))
        .count()
        .get_result(conn)
        .await
}

/// Adds an entry.
pub(crate) async fn insert(conn: &mut AsyncPgConnection, row: &AddressRow) -> QueryResult<()> {
    diesel::insert_into(addresses::table)
        .values(row)
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes an entry back under the next version.
pub(crate) async fn update(conn: &mut AsyncPgConnection, row: &AddressRow) -> QueryResult<()> {
    diesel::update(addresses::table.find(row.id))
        .set((
            addresses::address_ct.eq(&row.address_ct),
            addresses::key_id.eq(&row.key_id),
            addresses::is_default.eq(row.is_default),
            addresses::version.eq(addresses::version + 1),
            addresses::updated_at.eq(row.updated_at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes an entry of this book away and tells what it was.
pub(crate) async fn delete(
    conn: &mut AsyncPgConnection,
    user: UserId,
    address: AddressId,
) -> QueryResult<Option<AddressRow>> {
    diesel::delete(
        addresses::table
            .find(address.0)
            .filter(addresses::user_id.eq(user.0)),
    )
    .returning(AddressRow::as_returning())
    .get_result(conn)
    .await
    .optional()
}

/// Leaves a book without a default, before another becomes it.
pub(crate) async fn clear_default(conn: &mut AsyncPgConnection, user: UserId) -> QueryResult<()> {
    diesel::update(
        addresses::table
            .filter(addresses::user_id.eq(user.0))
            .filter(addresses::is_default),
    )
    .set(addresses::is_default.eq(false))
    .execute(conn)
    .await?;
    Ok(())
}

/// Makes the newest entry of a book its default, if it has any.
pub(crate) async fn promote_newest(conn: &mut AsyncPgConnection, user: UserId) -> QueryResult<()> {
    let newest = addresses::table
        .filter(addresses::user_id.eq(user.0))
        .order((addresses::created_at.desc(), addresses::id.desc()))
        .select(addresses::id)
        .first::<Uuid>(conn)
        .await
        .optional()?;
    if let Some(newest) = newest {
        diesel::update(addresses::table.find(newest))
            .set(addresses::is_default.eq(true))
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// Empties a book.
pub(crate) async fn delete_all(conn: &mut AsyncPgConnection, user: UserId) -> QueryResult<()> {
    diesel::delete(addresses::table.filter(addresses::user_id.eq(user.0)))
        .execute(conn)
        .await?;
    Ok(())
}
