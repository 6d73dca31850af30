//! What administrators do with accounts. Every look at a person's data and every change leaves an audit entry.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use common::auth::{CurrentUser, Role};
use common::crypto::sha256;
use common::paging::{Page, Pagination};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::auth::{MailKind, RevocationReason, UserRoleChanged};
use serde_json::json;

use super::profile::Profile;
use super::trail::{Actor, Trail};
use super::{Error, revocation};
use crate::domain::ids::UserId;
use crate::startup::AppState;
use crate::store;
use crate::store::people::{PeopleCounts, PeopleFilter};
use crate::store::sessions::Which;
use crate::store::users::UserRow;

/// How far back "new" and "active" reach in the figures.
const RECENT: TimeDelta = TimeDelta::days(30);

/// An account as administrators see it.
pub(crate) struct Person {
    /// What its owner sees too.
    pub(crate) profile: Profile,
    /// When its owner last came in.
    pub(crate) last_login_at: Option<DateTime<Utc>>,
    /// Until when password logins are refused; none when they are not.
    pub(crate) locked_until: Option<DateTime<Utc>>,
}

/// Lists the accounts that match, newest first.
pub(crate) async fn list_users(
    state: &AppState,
    admin: &CurrentUser,
    filter: &PeopleFilter,
    page: Page,
) -> Result<(Vec<Person>, Pagination), Error> {
    let trail = trail(state, admin);
    let mut conn = state.db.get().await?;
    let (users, total) = store::people::list(&mut conn, filter, page).await?;
    let people = with_locks(state, &mut conn, users).await?;
    let facts = json!({
        "role": filter.role.map(Role::name),
        "isSearch": filter.begins_with.is_some(),
        "page": page.number,
    });
    trail
        .audit_of(&mut conn, "users.listed", ("user", "*"), facts)
        .await?;
    Ok((people, page.of_total(total)))
}

/// Shows one account.
pub(crate) async fn get_user(
    state: &AppState,
    admin: &CurrentUser,
    id: UserId,
) -> Result<Person, Error> {
    let trail = trail(state, admin);
    let mut conn = state.db.get().await?;
    let user = store::users::find(&mut conn, id).await?.ok_or(NOT_FOUND)?;
    trail.audit(&mut conn, "user.viewed", id, json!({})).await?;
    person(state, &mut conn, user).await
}

/// Counts accounts.
pub(crate) async fn count_users(state: &AppState) -> Result<PeopleCounts, Error> {
    let mut conn = state.db.get().await?;
    Ok(store::people::counts(&mut conn, state.clock.now() - RECENT).await?)
}

/// Gives an account another role, and ends its sessions, whose tokens state the old one. The shop always keeps an
/// admin. The same role again changes nothing.
pub(crate) async fn change_role(
    state: &AppState,
    admin: &CurrentUser,
    id: UserId,
    role: Role,
) -> Result<Person, Error> {
    let trail = trail(state, admin);
    let mut conn = state.db.get().await?;
    let (person, ended) = conn
        .transaction(async |conn| {
            // All admins' rows first: of two admins who demote each other, the second sees what the first did.
            let admins = store::people::lock_admins(conn).await?;
            if !admins.contains(&UserId(admin.id)) {
                return Err(Error::InvalidState(
                    "your own role was changed in the meantime",
                ));
            }
            let before = store::users::lock(conn, id).await?.ok_or(NOT_FOUND)?;
            let from = before.role.0;
            if from == role {
                return Ok((person(state, conn, before).await?, Vec::new()));
            }
            if admins == [id] {
                return Err(LAST_ADMIN);
            }
            let after = store::people::set_role(conn, id, role, trail.now()).await?;
            let reason = RevocationReason::RoleChanged;
            let ended = revocation::revoke(conn, &trail, id, Which::All, reason).await?;
            let (from, to) = (from.name(), role.name());
            let event = UserRoleChanged {
                user_id: id.0,
                from: from.to_owned(),
                to: to.to_owned(),
                changed_by: Some(admin.id),
            };
            trail.event(conn, &event, i64::from(after.version)).await?;
            let facts = json!({ "from": from, "to": to });
            trail
                .audit(conn, "user.role_changed", id, facts.clone())
                .await?;
            trail.mail(conn, id, MailKind::RoleChanged, &facts).await?;
            Ok((person(state, conn, after).await?, ended))
        })
        .await?;
    revocation::forget_now(state, &ended);
    Ok(person)
}

/// Lets an account try again that wrong passwords or codes have locked.
pub(crate) async fn unlock_user(
    state: &AppState,
    admin: &CurrentUser,
    id: UserId,
) -> Result<Person, Error> {
    let trail = trail(state, admin);
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let user = store::users::lock(conn, id).await?.ok_or(NOT_FOUND)?;
        store::people::unlock(conn, id, &account_hash(&user)).await?;
        trail.audit(conn, "user.unlocked", id, json!({})).await?;
        person(state, conn, user).await
    })
    .await
}

/// What leaving the shop without an admin is answered with.
pub(crate) const LAST_ADMIN: Error =
    Error::InvalidState("the last administrator must stay; make somebody else one first");

const NOT_FOUND: Error = Error::NotFound("user");

fn trail(state: &AppState, admin: &CurrentUser) -> Trail {
    Trail::new(Actor::User(UserId(admin.id), admin.role), state.clock.now())
}

/// Under what failed logins to an account are counted.
fn account_hash(user: &UserRow) -> Vec<u8> {
    sha256(user.email.as_deref().unwrap_or_default().as_bytes()).to_vec()
}

async fn person(
    state: &AppState,
    conn: &mut AsyncPgConnection,
    user: UserRow,
) -> Result<Person, Error> {
    let mut people = with_locks(state, conn, vec![user]).await?;
    people.pop().ok_or(NOT_FOUND)
}

async fn with_locks(
    state: &AppState,
    conn: &mut AsyncPgConnection,
    users: Vec<UserRow>,
) -> Result<Vec<Person>, Error> {
    let hashes: Vec<Vec<u8>> = users.iter().map(account_hash).collect();
    let locks: HashMap<_, _> = store::people::locks(conn, &hashes, state.clock.now())
        .await?
        .into_iter()
        .collect();
    let people = users.into_iter().zip(hashes).map(|(user, hash)| {
        Ok(Person {
            last_login_at: user.last_login_at,
            locked_until: locks.get(&hash).copied().flatten(),
            profile: Profile::open(&state.pii, user)?,
        })
    });
    people.collect()
}
