//! Locks of orders, buyers and addresses, which may have no row yet, and of variants.
//!
//! Every command on an order begins with its lock, and variants are locked after it, sorted; so two commands wait for one
//! another but never in a circle. Variants have a lock beside their row because these locks are served in turn: who waits
//! for a row that is updated meanwhile starts waiting anew, and under a storm may wait for ever.

use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::domain::ids::{OrderId, UserId, VariantId};

/// What is locked until the transaction ends. Two things may share a lock by chance, which costs a wait and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LockKey(i64);

impl LockKey {
    /// The lock of an order.
    pub(crate) fn order(order: OrderId) -> Self {
        Self(low_half(order.0.as_bytes(), 0))
    }

    /// The lock of what a buyer holds.
    pub(crate) fn user(user: UserId) -> Self {
        Self(low_half(user.0.as_bytes(), 0x5555_5555_5555_5555))
    }

    /// The lock of a variant's stock.
    pub(crate) fn variant(variant: VariantId) -> Self {
        Self(low_half(variant.0.as_bytes(), 0x3333_3333_3333_3333))
    }

    /// The lock of what is held for an address.
    pub(crate) fn address(hash: &str) -> Self {
        // FNV-1a: quick, and this decides nothing but who waits for whom.
        let hash = hash.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(hash.cast_signed())
    }
}

/// The random half of an id.
fn low_half(id: &[u8; 16], salt: u64) -> i64 {
    let random = id
        .iter()
        .skip(8)
        .fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
    (random ^ salt).cast_signed()
}

#[derive(QueryableByName)]
struct Obtained {
    #[diesel(sql_type = BigInt)]
    key: i64,
}

/// Takes those locks that are free, and answers which.
pub(crate) async fn try_all(
    conn: &mut AsyncPgConnection,
    keys: &[LockKey],
) -> QueryResult<Vec<LockKey>> {
    const SQL: &str = "SELECT key FROM unnest(?) AS key WHERE pg_try_advisory_xact_lock(key)";
    let rows: Vec<Obtained> = Statement::new(SQL)
        .bind::<Array<BigInt>, _>(numbers(keys))
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| LockKey(row.key)).collect())
}

/// Takes all locks, one after another; `keys` must be sorted.
pub(crate) async fn all(conn: &mut AsyncPgConnection, keys: &[LockKey]) -> QueryResult<()> {
    // `count` of a function that is evaluated for each row in turn: there is nothing to read.
    const SQL: &str = "SELECT count(pg_advisory_xact_lock(key)) FROM unnest(?) AS key";
    Statement::new(SQL)
        .bind::<Array<BigInt>, _>(numbers(keys))
        .execute(conn)
        .await?;
    Ok(())
}

fn numbers(keys: &[LockKey]) -> Vec<i64> {
    keys.iter().map(|key| key.0).collect()
}
