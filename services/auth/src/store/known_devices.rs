//! Browsers that accounts have logged in from.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::auth::known_devices;
use crate::domain::ids::{DeviceId, UserId};

/// The browser with this cookie (SHA-256 of its value), if the account knows it.
pub(crate) async fn find(
    conn: &mut AsyncPgConnection,
    user: UserId,
    device_hash: &[u8],
) -> QueryResult<Option<DeviceId>> {
    known_devices::table
        .filter(known_devices::user_id.eq(user.0))
        .filter(known_devices::device_hash.eq(device_hash))
        .select(known_devices::id)
        .first::<Uuid>(conn)
        .await
        .optional()
        .map(|id| id.map(DeviceId))
}

/// Remembers a browser.
pub(crate) async fn insert(
    conn: &mut AsyncPgConnection,
    id: DeviceId,
    user: UserId,
    device_hash: &[u8],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(known_devices::table)
        .values((
            known_devices::id.eq(id.0),
            known_devices::user_id.eq(user.0),
            known_devices::device_hash.eq(device_hash),
            known_devices::attempted_at.eq(now),
            known_devices::created_at.eq(now),
            known_devices::last_used_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes a login from a browser.
pub(crate) async fn touch(
    conn: &mut AsyncPgConnection,
    id: DeviceId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(known_devices::table.find(id.0))
        .set(known_devices::last_used_at.eq(now))
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets every browser of an account, as after a password reset.
pub(crate) async fn delete_all(conn: &mut AsyncPgConnection, user: UserId) -> QueryResult<usize> {
    diesel::delete(known_devices::table.filter(known_devices::user_id.eq(user.0)))
        .execute(conn)
        .await
}

/// Forgets browsers not used since `before`; answers how many.
pub(crate) async fn sweep(
    conn: &mut AsyncPgConnection,
    before: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::delete(known_devices::table.filter(known_devices::last_used_at.lt(before)))
        .execute(conn)
        .await
}
