//! Numbers of stock: locked, changed, told.

use std::collections::{BTreeSet, HashSet};

use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::locks::{self, LockKey};
use crate::domain::ids::VariantId;

/// A locked row.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct LockedItem {
    #[diesel(sql_type = SqlUuid)]
    variant_id: Uuid,
    #[diesel(sql_type = BigInt)]
    pub(crate) on_hand: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) reserved: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) version: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) low_stock_threshold: i64,
    #[diesel(sql_type = Bool)]
    pub(crate) is_active: bool,
}

impl LockedItem {
    /// Which variant it is.
    pub(crate) fn variant(&self) -> VariantId {
        VariantId(self.variant_id)
    }

    /// What nobody holds of it.
    pub(crate) fn available(&self) -> i64 {
        self.on_hand - self.reserved
    }
}

/// What was locked of what was wanted.
pub(crate) struct TriedLock {
    pub(crate) locked: Vec<LockedItem>,
    /// Those that somebody else has locked; what is in neither does not exist.
    pub(crate) others: Vec<VariantId>,
}

/// Locks those variants that nobody else has locked or waits for.
pub(crate) async fn try_lock(
    conn: &mut AsyncPgConnection,
    variants: &[VariantId],
) -> QueryResult<TriedLock> {
    const SQL: &str = "SELECT variant_id, on_hand, reserved, version, low_stock_threshold, is_active
         FROM stock_items WHERE variant_id = ANY(?) ORDER BY variant_id FOR NO KEY UPDATE SKIP LOCKED";
    let obtained = locks::try_all(conn, &keys(variants)).await?;
    let obtained: HashSet<LockKey> = obtained.into_iter().collect();
    let (ours, mut others): (Vec<VariantId>, Vec<VariantId>) = variants
        .iter()
        .partition(|variant| obtained.contains(&LockKey::variant(**variant)));
    let locked: Vec<LockedItem> = Statement::new(SQL).bind_ids(ids(&ours)).load(conn).await?;
    if locked.len() < ours.len() {
        let rows: HashSet<VariantId> = locked.iter().map(LockedItem::variant).collect();
        let missing: Vec<VariantId> = ours
            .into_iter()
            .filter(|variant| !rows.contains(variant))
            .collect();
        others.extend(existing(conn, &missing).await?);
    }
    Ok(TriedLock { locked, others })
}

/// Takes the locks of variants whose numbers need not be read, and waits in turn for whoever has them.
///
/// Before anything that refers to their rows: a row that many refer to and wait for is where PostgreSQL finds deadlocks.
pub(crate) async fn wait_for(
    conn: &mut AsyncPgConnection,
    variants: &[VariantId],
) -> QueryResult<()> {
    locks::all(conn, &keys(variants)).await
}

/// Locks variants, and waits in turn for whoever has them.
pub(crate) async fn lock(
    conn: &mut AsyncPgConnection,
    variants: &[VariantId],
) -> QueryResult<Vec<LockedItem>> {
    const SQL: &str =
        "SELECT variant_id, on_hand, reserved, version, low_stock_threshold, is_active
         FROM stock_items WHERE variant_id = ANY(?) ORDER BY variant_id FOR NO KEY UPDATE";
    locks::all(conn, &keys(variants)).await?;
    Statement::new(SQL).bind_ids(ids(variants)).load(conn).await
}

fn keys(variants: &[VariantId]) -> Vec<LockKey> {
    let keys: BTreeSet<LockKey> = variants.iter().copied().map(LockKey::variant).collect();
    keys.into_iter().collect()
}

#[derive(QueryableByName)]
struct Existing {
    #[diesel(sql_type = SqlUuid)]
    variant_id: Uuid,
}

/// Those of the variants that there is a row of.
async fn existing(
    conn: &mut AsyncPgConnection,
    variants: &[VariantId],
) -> QueryResult<Vec<VariantId>> {
    const SQL: &str = "SELECT variant_id FROM stock_items WHERE variant_id = ANY(?)";
    let rows: Vec<Existing> = Statement::new(SQL)
        .bind_ids(ids(variants))
        .load(conn)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| VariantId(row.variant_id))
        .collect())
}

/// By how much a variant's numbers change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) variant: VariantId,
    pub(crate) on_hand: i64,
    pub(crate) reserved: i64,
}

/// A variant after its change.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct Changed {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) variant_id: Uuid,
    #[diesel(sql_type = Text)]
    pub(crate) sku: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) on_hand: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) reserved: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) version: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) low_stock_threshold: i64,
    #[diesel(sql_type = Bool)]
    pub(crate) is_active: bool,
    /// Whether others must be told in this transaction; else it is too soon after the last time.
    #[diesel(sql_type = Bool)]
    pub(crate) is_due: bool,
    /// What could be bought before.
    #[diesel(sql_type = BigInt)]
    pub(crate) available_before: i64,
}

/// Changes variants whose locks the transaction has, each at most once.
pub(crate) async fn apply(
    conn: &mut AsyncPgConnection,
    changes: &[Change],
) -> QueryResult<Vec<Changed>> {
    // Whether it was told is read off the outcome: only then are both versions the same.
    const SQL: &str = "UPDATE stock_items s SET on_hand = s.on_hand + c.on_hand,
             reserved = s.reserved + c.reserved, version = s.version + 1, updated_at = clock_timestamp(),
             said_version = CASE WHEN s.said_at <= statement_timestamp() - interval '500 milliseconds'
                 THEN s.version + 1 ELSE s.said_version END,
             said_at = CASE WHEN s.said_at <= statement_timestamp() - interval '500 milliseconds'
                 THEN statement_timestamp() ELSE s.said_at END
         FROM unnest(?, ?, ?) AS c (variant_id, on_hand, reserved)
         WHERE s.variant_id = c.variant_id
         RETURNING s.variant_id, s.sku, s.on_hand, s.reserved, s.version, s.low_stock_threshold, s.is_active,
             s.said_version = s.version AS is_due,
             s.on_hand - s.reserved - c.on_hand + c.reserved AS available_before";
    Statement::new(SQL)
        .bind_ids(changes.iter().map(|change| change.variant.0).collect())
        .bind::<Array<BigInt>, Vec<_>>(changes.iter().map(|change| change.on_hand).collect())
        .bind::<Array<BigInt>, Vec<_>>(changes.iter().map(|change| change.reserved).collect())
        .load(conn)
        .await
}

fn ids(variants: &[VariantId]) -> Vec<Uuid> {
    variants.iter().map(|variant| variant.0).collect()
}
