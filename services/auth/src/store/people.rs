//! Accounts as staff see them: lists, figures, roles.

use chrono::{DateTime, Utc};
use common::auth::Role;
use common::paging::{self, Page};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::auth::{known_devices, login_attempts, users};
use super::users::UserRow;
use crate::domain::ids::UserId;

/// Which accounts to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct PeopleFilter {
    /// Only this role.
    pub(crate) role: Option<Role>,
    /// Only accounts whose address or name begins with this, in any case.
    pub(crate) begins_with: Option<String>,
}

/// One page of the accounts that match, newest first, and how many match in all. Erased ones are nobody's any more.
pub(crate) async fn list(
    conn: &mut AsyncPgConnection,
    filter: &PeopleFilter,
    page: Page,
) -> QueryResult<(Vec<UserRow>, i64)> {
    let newest = || matching(filter).order((users::created_at.desc(), users::id.desc()));
    let total = paging::count(conn, newest().select(users::id)).await?;
    let rows = newest()
        .limit(page.rows())
        .offset(page.offset())
        .select(UserRow::as_select())
        .load(conn)
        .await?;
    Ok((rows, total))
}

fn matching(filter: &PeopleFilter) -> users::BoxedQuery<'static, Pg> {
    let mut query = users::table.filter(users::erased_at.is_null()).into_boxed();
    if let Some(role) = filter.role {
        query = query.filter(users::role.eq(role.name()));
    }
    if let Some(text) = &filter.begins_with {
        let prefix = like_prefix(text);
        // Both sides of the OR have an index of their own with text_pattern_ops.
        query = query.filter(
            users::email
                .like(prefix.clone())
                .or(lower(users::name).like(prefix)),
        );
    }
    query
}

diesel::define_sql_function! {
    /// Lower case, as the index on names has it.
    fn lower(text: diesel::sql_types::Nullable<Text>) -> diesel::sql_types::Nullable<Text>;
}

/// A LIKE pattern for what begins with `text`, in which nothing of `text` is a wildcard.
fn like_prefix(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 1);
    for c in text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// How many accounts there are, of which kind.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct PeopleCounts {
    #[diesel(sql_type = BigInt)]
    pub(crate) total: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) verified: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) with_two_factor: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) new: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) active: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) customers: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) merchants: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) fulfilment: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) finance: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) admins: i64,
}

/// Counts all accounts in one pass; `new` and `active` are those registered, or logged in, since `since`.
pub(crate) async fn counts(
    conn: &mut AsyncPgConnection,
    since: DateTime<Utc>,
) -> QueryResult<PeopleCounts> {
    diesel::sql_query(
        "SELECT count(*) AS total, \
             count(verified_at) AS verified, \
             count(totp_enabled_at) AS with_two_factor, \
             count(*) FILTER (WHERE created_at >= $1) AS new, \
             count(*) FILTER (WHERE last_login_at >= $1) AS active, \
             count(*) FILTER (WHERE role = 'customer') AS customers, \
             count(*) FILTER (WHERE role = 'merchant') AS merchants, \
             count(*) FILTER (WHERE role = 'fulfilment') AS fulfilment, \
             count(*) FILTER (WHERE role = 'finance') AS finance, \
             count(*) FILTER (WHERE role = 'admin') AS admins \
         FROM auth.users WHERE erased_at IS NULL",
    )
    .bind::<Timestamptz, _>(since)
    .get_result(conn)
    .await
}

/// Holds the rows of all admins, so that of two who would leave the shop without one, the second sees it. They are
/// locked in one order, and whoever locks another account's row takes this lock first.
pub(crate) async fn lock_admins(conn: &mut AsyncPgConnection) -> QueryResult<Vec<UserId>> {
    let ids = users::table
        .filter(users::role.eq(Role::Admin.name()))
        .filter(users::erased_at.is_null())
        .order(users::id)
        .select(users::id)
        .for_update()
        .load::<Uuid>(conn)
        .await?;
    Ok(ids.into_iter().map(UserId).collect())
}

/// Notes that an account's address is confirmed; answers the account's new version, or none if it was before.
pub(crate) async fn set_verified(
    conn: &mut AsyncPgConnection,
    user: UserId,
    now: DateTime<Utc>,
) -> QueryResult<Option<i64>> {
    let version = diesel::update(users::table.find(user.0))
        .filter(users::verified_at.is_null())
        .filter(users::erased_at.is_null())
        .set((
            users::verified_at.eq(now),
            users::version.eq(users::version + 1),
            users::updated_at.eq(now),
        ))
        .returning(users::version)
        .get_result::<i32>(conn)
        .await
        .optional()?;
    Ok(version.map(i64::from))
}

/// Gives an account another role.
pub(crate) async fn set_role(
    conn: &mut AsyncPgConnection,
    user: UserId,
    role: Role,
    now: DateTime<Utc>,
) -> QueryResult<UserRow> {
    diesel::update(users::table.find(user.0))
        .set((
            users::role.eq(role.name()),
            users::version.eq(users::version + 1),
            users::updated_at.eq(now),
        ))
        .returning(UserRow::as_returning())
        .get_result(conn)
        .await
}

/// Forgets all wrong passwords and codes that were counted against an account.
pub(crate) async fn unlock(
    conn: &mut AsyncPgConnection,
    user: UserId,
    account_hash: &[u8],
) -> QueryResult<()> {
    unlock_password(conn, user, account_hash).await?;
    diesel::update(users::table.find(user.0))
        .set((
            users::totp_failed_attempts.eq(0),
            users::totp_locked_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets the wrong passwords that were counted against an account, from anywhere and from its own browsers.
pub(crate) async fn unlock_password(
    conn: &mut AsyncPgConnection,
    user: UserId,
    account_hash: &[u8],
) -> QueryResult<()> {
    diesel::delete(login_attempts::table.find(account_hash))
        .execute(conn)
        .await?;
    diesel::update(known_devices::table.filter(known_devices::user_id.eq(user.0)))
        .set((
            known_devices::failures.eq(0),
            known_devices::locked_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Until when password logins from unknown browsers are refused, for each of the accounts asked about that is locked.
pub(crate) async fn locks(
    conn: &mut AsyncPgConnection,
    account_hashes: &[Vec<u8>],
    now: DateTime<Utc>,
) -> QueryResult<Vec<(Vec<u8>, Option<DateTime<Utc>>)>> {
    login_attempts::table
        .filter(login_attempts::account_hash.eq_any(account_hashes))
        .filter(login_attempts::locked_until.gt(now))
        .select((login_attempts::account_hash, login_attempts::locked_until))
        .load(conn)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_person_types_is_a_wildcard() {
        assert_eq!(like_prefix("Ada"), "ada%");
        assert_eq!(like_prefix(r"100%_\"), r"100\%\_\\%");
    }
}
