//! Leases: one process at a time does a periodic job.
//!
//! A lease is a row that says who leads and until when. All ages are measured by the database's
//! clock, the only one that every replica shares. What keeps a late predecessor from writing is
//! not the time, though, but the epoch: it rises with each acquisition, and [`fence`] lets a
//! transaction go on only while its epoch is the current one. So a leader that was stopped for 40 s
//! and continues in the middle of its work is refused at its next transaction, whatever its own
//! clock says.
//!
//! [`LeaseKeeper`] is what a service uses; the rest is what it is made of.

mod keeper;

pub use keeper::LeaseKeeper;

use std::time::Duration;

use common::database::{DbError, IsConflict};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Interval, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::interval::interval;
use crate::schema::leases;

/// How long a lease lasts that nobody renews, unless a keeper is told otherwise.
pub const TTL: Duration = Duration::from_secs(15);

/// Proof of having led at one time; [`fence`] tells whether that is still so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    name: String,
    epoch: i64,
}

impl Lease {
    /// Takes a lease that is new, was released, has run out, or was this holder's own; `None` while
    /// another holds it. `holder` is an id that the process made for itself.
    ///
    /// Waits for the transactions of the predecessor that are behind its [`fence`].
    ///
    /// # Errors
    /// Those of the database; a lock timeout while the predecessor still writes.
    pub async fn acquire(
        conn: &mut AsyncPgConnection,
        name: &str,
        holder: Uuid,
        ttl: Duration,
    ) -> QueryResult<Option<Self>> {
        let mut epoch = take_over(conn, name, holder, ttl).await?;
        if epoch.is_none() {
            epoch = make(conn, name, holder, ttl).await?;
        }
        Ok(epoch.map(|epoch| Self {
            name: name.to_owned(),
            epoch,
        }))
    }

    /// What the lease is for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which acquisition this is; a later one has a higher number.
    #[must_use]
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// Makes the lease last for `ttl` from now. `false` if it is another's by now.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn renew(&self, conn: &mut AsyncPgConnection, ttl: Duration) -> QueryResult<bool> {
        let renewed = diesel::sql_query(
            "UPDATE leases SET held_until = clock_timestamp() + $3 WHERE name = $1 AND epoch = $2",
        )
        .bind::<Text, _>(&self.name)
        .bind::<BigInt, _>(self.epoch)
        .bind::<Interval, _>(interval(ttl))
        .execute(conn)
        .await?;
        Ok(renewed == 1)
    }

    /// Gives the lease back, so that a successor need not wait until it runs out. Whoever still
    /// holds a copy is fenced off. A lease that is another's by now stays as it is.
    ///
    /// # Errors
    /// Those of the database; the lease then runs out by itself.
    pub async fn release(self, conn: &mut AsyncPgConnection) -> QueryResult<()> {
        // The row stays: with it would go the epoch.
        diesel::sql_query(
            "UPDATE leases SET held_until = '-infinity', epoch = epoch + 1
             WHERE name = $1 AND epoch = $2",
        )
        .bind::<Text, _>(self.name)
        .bind::<BigInt, _>(self.epoch)
        .execute(conn)
        .await?;
        Ok(())
    }
}

/// Lets a transaction of the leader go on, or refuses it; its first statement.
///
/// Until the transaction ends, nobody can take the lease over.
///
/// # Errors
/// [`FenceError::LeaseLost`]; roll back then.
pub async fn fence(conn: &mut AsyncPgConnection, lease: &Lease) -> Result<(), FenceError> {
    // KEY SHARE and no stronger lock: it holds up a take-over, which locks FOR UPDATE, but not the
    // keeper, whose renewal comes on another connection while this transaction is open.
    let current = leases::table
        .find(&lease.name)
        .filter(leases::epoch.eq(lease.epoch))
        .select(leases::epoch)
        .for_key_share()
        .first::<i64>(conn)
        .await
        .optional()
        .map_err(DbError::from)?;
    match current {
        Some(_) => Ok(()),
        None => Err(FenceError::LeaseLost(lease.name.clone())),
    }
}

/// Why a transaction of a leader may not go on.
#[derive(Debug, thiserror::Error)]
pub enum FenceError {
    /// Another leads by now.
    #[error("the lease {0} was lost")]
    LeaseLost(String),
    /// The database did not answer.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<diesel::result::Error> for FenceError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

impl IsConflict for FenceError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_conflict())
    }
}

async fn take_over(
    conn: &mut AsyncPgConnection,
    name: &str,
    holder: Uuid,
    ttl: Duration,
) -> QueryResult<Option<i64>> {
    // FOR UPDATE waits for the fences of the predecessor; the plain UPDATE would pass them.
    diesel::sql_query(
        "WITH free AS (
             SELECT name FROM leases
             WHERE name = $1 AND (held_until <= clock_timestamp() OR holder = $2) FOR UPDATE
         )
         UPDATE leases SET holder = $2, epoch = epoch + 1, held_until = clock_timestamp() + $3
         FROM free WHERE leases.name = free.name RETURNING epoch",
    )
    .bind::<Text, _>(name)
    .bind::<SqlUuid, _>(holder)
    .bind::<Interval, _>(interval(ttl))
    .get_result::<Acquired>(conn)
    .await
    .optional()
    .map(|row| row.map(|row| row.epoch))
}

async fn make(
    conn: &mut AsyncPgConnection,
    name: &str,
    holder: Uuid,
    ttl: Duration,
) -> QueryResult<Option<i64>> {
    diesel::sql_query(
        "INSERT INTO leases (name, holder, held_until) VALUES ($1, $2, clock_timestamp() + $3)
         ON CONFLICT DO NOTHING RETURNING epoch",
    )
    .bind::<Text, _>(name)
    .bind::<SqlUuid, _>(holder)
    .bind::<Interval, _>(interval(ttl))
    .get_result::<Acquired>(conn)
    .await
    .optional()
    .map(|row| row.map(|row| row.epoch))
}

#[derive(QueryableByName)]
struct Acquired {
    #[diesel(sql_type = BigInt)]
    epoch: i64,
}
