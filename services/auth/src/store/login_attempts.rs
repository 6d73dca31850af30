//! Failed password logins, counted by address and, for browsers that an account knows, by browser.

use chrono::{DateTime, Utc};
use common::statement::Prepare as _;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Integer, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::schema::auth::{known_devices, login_attempts};
use crate::domain::ids::DeviceId;
use crate::domain::lockout::{FAILURES_MAX, LOCK};

/// Whose failures are counted.
#[derive(Debug, Clone)]
pub(crate) enum Counter {
    /// Those of everyone who asks for this address, whether or not an account has it (SHA-256 of the address).
    Account(Vec<u8>),
    /// Those of one browser that has logged in to the account before.
    Device(DeviceId),
}

#[derive(QueryableByName)]
struct Failures {
    #[diesel(sql_type = Integer)]
    failures: i32,
}

/// Counts one more: `$1` is now, `$2` the end of a lock that begins now, `$3` since when failures count, `$4` how many
/// lock. A lock that has ended, or failures followed by a long enough silence, start the count anew.
macro_rules! count_one_more {
    () => {
        " failures = CASE WHEN coalesce(c.locked_until <= $1, c.attempted_at <= $3) \
              THEN 1 ELSE c.failures + 1 END, \
          locked_until = CASE WHEN coalesce(c.locked_until <= $1, c.attempted_at <= $3) THEN NULL \
              WHEN c.failures + 1 = $4 THEN $2 ELSE c.locked_until END, \
          attempted_at = $1 "
    };
}

const COUNT_FOR_ACCOUNT: &str = concat!(
    "INSERT INTO auth.login_attempts AS c (account_hash, failures, attempted_at) VALUES ($5, 1, $1) \
     ON CONFLICT (account_hash) DO UPDATE SET",
    count_one_more!(),
    "RETURNING failures"
);
const COUNT_FOR_DEVICE: &str = concat!(
    "UPDATE auth.known_devices AS c SET",
    count_one_more!(),
    "WHERE id = $5 RETURNING failures"
);

/// Counts an attempt as failed before its password is looked at, and answers the count. One statement, so that
/// attempts that come together are counted one after another; the one that reaches the limit sets the lock.
pub(crate) async fn reserve(
    conn: &mut AsyncPgConnection,
    counter: &Counter,
    now: DateTime<Utc>,
) -> QueryResult<i32> {
    macro_rules! count {
        ($sql:expr, $key_type:ty, $key:expr) => {
            diesel::sql_query($sql)
                .bind::<Timestamptz, _>(now)
                .bind::<Timestamptz, _>(now + LOCK)
                .bind::<Timestamptz, _>(now - LOCK)
                .bind::<Integer, _>(FAILURES_MAX)
                .bind::<$key_type, _>($key)
                .get_result::<Failures>(conn)
                .await
        };
    }
    let counted = match counter {
        Counter::Account(hash) => count!(COUNT_FOR_ACCOUNT, Binary, hash),
        Counter::Device(id) => count!(COUNT_FOR_DEVICE, SqlUuid, id.0),
    };
    counted.map(|row| row.failures)
}

/// Forgets the failures: the password was right.
pub(crate) async fn clear(conn: &mut AsyncPgConnection, counter: &Counter) -> QueryResult<()> {
    match counter {
        Counter::Account(hash) => {
            diesel::delete(login_attempts::table.find(hash))
                .execute(conn)
                .await?
        }
        Counter::Device(id) => {
            diesel::update(known_devices::table.find(id.0))
                .set((
                    known_devices::failures.eq(0),
                    known_devices::locked_until.eq(None::<DateTime<Utc>>),
                ))
                .prepared()
                .execute(conn)
                .await?
        }
    };
    Ok(())
}

/// Gives one attempt back: its password was never looked at.
pub(crate) async fn give_back(conn: &mut AsyncPgConnection, counter: &Counter) -> QueryResult<()> {
    macro_rules! give_back {
        ($table:ident, $key:expr) => {
            diesel::update($table::table.find($key).filter($table::failures.gt(0)))
                .set((
                    $table::failures.eq($table::failures - 1),
                    $table::locked_until.eq(diesel::dsl::case_when(
                        $table::failures.gt(FAILURES_MAX),
                        $table::locked_until,
                    )),
                ))
                .prepared()
                .execute(conn)
                .await?
        };
    }
    match counter {
        Counter::Account(hash) => give_back!(login_attempts, hash),
        Counter::Device(id) => give_back!(known_devices, id.0),
    };
    Ok(())
}

/// Removes counts that no longer count; answers how many.
pub(crate) async fn sweep(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(login_attempts::table.filter(login_attempts::attempted_at.lt(now - LOCK * 2)))
        .execute(conn)
        .await
}
