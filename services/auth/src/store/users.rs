//! Accounts.

use chrono::{DateTime, Utc};
use common::statement::Prepare as _;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::role_column::RoleColumn;
use super::schema::auth::users;
use crate::domain::email::Email;
use crate::domain::ids::UserId;

/// The unique key on e-mail addresses.
pub(crate) const EMAIL_UNIQUE: &str = "users_email_unique";

/// A phone number as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct SealedPhone {
    /// Ciphertext, bound to the row.
    pub(crate) ciphertext: Vec<u8>,
    /// The key it is sealed with.
    pub(crate) key_id: String,
    /// Keyed hash, for finding it.
    pub(crate) blind_index: Vec<u8>,
}

/// An account that is not erased.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(diesel::pg::Pg))]
pub(crate) struct UserRow {
    pub(crate) id: Uuid,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) phone_ct: Option<Vec<u8>>,
    pub(crate) password_hash: Option<String>,
    #[diesel(deserialize_as = String)]
    pub(crate) role: RoleColumn,
    pub(crate) verified_at: Option<DateTime<Utc>>,
    pub(crate) totp_enabled_at: Option<DateTime<Utc>>,
    pub(crate) last_login_at: Option<DateTime<Utc>>,
    pub(crate) version: i32,
    pub(crate) created_at: DateTime<Utc>,
}

impl UserRow {
    /// The account's id.
    pub(crate) fn id(&self) -> UserId {
        UserId(self.id)
    }

    /// Whether a login needs a second factor.
    pub(crate) fn has_two_factor(&self) -> bool {
        self.totp_enabled_at.is_some()
    }
}

/// A new account.
#[derive(Debug)]
pub(crate) struct NewUser<'a> {
    pub(crate) id: UserId,
    pub(crate) email: &'a Email,
    pub(crate) name: &'a str,
    pub(crate) phone: Option<SealedPhone>,
    pub(crate) password_hash: &'a str,
    pub(crate) role: common::auth::Role,
    pub(crate) verified_at: Option<DateTime<Utc>>,
    pub(crate) now: DateTime<Utc>,
}

/// Stores a new account; a taken address violates [`EMAIL_UNIQUE`].
pub(crate) async fn insert(
    conn: &mut AsyncPgConnection,
    user: &NewUser<'_>,
) -> QueryResult<UserRow> {
    diesel::insert_into(users::table)
        .values((
            users::id.eq(user.id.0),
            users::email.eq(user.email.as_str()),
            users::name.eq(user.name),
            phone_columns(user.phone.as_ref()),
            users::password_hash.eq(user.password_hash),
            users::password_changed_at.eq(user.now),
            users::role.eq(user.role.name()),
            users::verified_at.eq(user.verified_at),
            users::created_at.eq(user.now),
            users::updated_at.eq(user.now),
        ))
        .returning(UserRow::as_returning())
        .prepared()
        .get_result(conn)
        .await
}

type PhoneColumns<'a> = (
    diesel::dsl::Eq<users::phone_ct, Option<&'a Vec<u8>>>,
    diesel::dsl::Eq<users::phone_key_id, Option<&'a String>>,
    diesel::dsl::Eq<users::phone_bidx, Option<&'a Vec<u8>>>,
);

fn phone_columns(phone: Option<&SealedPhone>) -> PhoneColumns<'_> {
    (
        users::phone_ct.eq(phone.map(|p| &p.ciphertext)),
        users::phone_key_id.eq(phone.map(|p| &p.key_id)),
        users::phone_bidx.eq(phone.map(|p| &p.blind_index)),
    )
}

/// The account with this address.
pub(crate) async fn find_by_email(
    conn: &mut AsyncPgConnection,
    email: &Email,
) -> QueryResult<Option<UserRow>> {
    users::table
        .filter(users::email.eq(email.as_str()))
        .select(UserRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// The account, unless it was erased.
pub(crate) async fn find(conn: &mut AsyncPgConnection, id: UserId) -> QueryResult<Option<UserRow>> {
    users::table
        .find(id.0)
        .filter(users::erased_at.is_null())
        .select(UserRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// [`find`], holding the row until the transaction ends. Rows that refer to the account may still be written meanwhile:
/// whoever holds a session and notes its end must not wait for whoever holds the account and wants the session.
pub(crate) async fn lock(conn: &mut AsyncPgConnection, id: UserId) -> QueryResult<Option<UserRow>> {
    users::table
        .find(id.0)
        .filter(users::erased_at.is_null())
        .select(UserRow::as_select())
        .for_no_key_update()
        .first(conn)
        .await
        .optional()
}

/// What a person may change about their profile; `None` leaves a field as it is.
#[derive(Debug, Default)]
pub(crate) struct ProfileChange {
    pub(crate) name: Option<String>,
    /// The inner `None` removes the number.
    pub(crate) phone: Option<Option<SealedPhone>>,
}

/// Changes the profile of an account.
pub(crate) async fn update_profile(
    conn: &mut AsyncPgConnection,
    id: UserId,
    change: &ProfileChange,
    now: DateTime<Utc>,
) -> QueryResult<UserRow> {
    diesel::update(users::table.find(id.0))
        .set((
            change.name.as_ref().map(|name| users::name.eq(name)),
            change
                .phone
                .as_ref()
                .map(|phone| phone_columns(phone.as_ref())),
            users::version.eq(users::version + 1),
            users::updated_at.eq(now),
        ))
        .returning(UserRow::as_returning())
        .prepared()
        .get_result(conn)
        .await
}

/// Stores another password hash.
pub(crate) async fn set_password(
    conn: &mut AsyncPgConnection,
    id: UserId,
    hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(users::table.find(id.0))
        .set((
            users::password_hash.eq(hash),
            users::password_changed_at.eq(now),
            users::version.eq(users::version + 1),
            users::updated_at.eq(now),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes a login.
pub(crate) async fn note_login(
    conn: &mut AsyncPgConnection,
    id: UserId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(users::table.find(id.0))
        .set(users::last_login_at.eq(now))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}
