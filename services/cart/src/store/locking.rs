//! Carts as they are changed: locked, computed with, saved. Each function serves many carts with one statement.

use std::collections::{HashMap, HashSet};

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Binary, Bool, Integer, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use money::Currency;
use uuid::Uuid;

use super::rows::{self, LineRow, owners_of, unreadable};
use super::schema::cart::{cart_items, carts};
use crate::domain::cart::{Cart, Line};
use crate::domain::ids::CartId;
use crate::domain::owner::Owner;

/// What to do about a cart that somebody else is changing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// Wait for it.
    Wait,
    /// Leave it out.
    Skip,
}

/// A cart that nobody else changes until the transaction ends.
#[derive(Debug, Clone)]
pub(crate) struct LockedCart {
    /// Whose it is.
    pub(crate) owner: Owner,
    /// As it is to be saved.
    pub(crate) cart: Cart,
    /// The lines that are stored.
    stored: Vec<Line>,
    /// The transaction's time.
    pub(crate) now: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct LockedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    user_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Binary>)]
    guest_token_hash: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Text>)]
    currency: Option<String>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    is_expired: bool,
    #[diesel(sql_type = Timestamptz)]
    transaction_time: DateTime<Utc>,
}

/// Always in the order of ids, so that nobody waits for each other in a circle.
const LOCK: &str = "SELECT id, user_id, guest_token_hash, currency::text, version, updated_at, \
        expires_at <= now() AS is_expired, now() AS transaction_time \
    FROM cart.carts WHERE user_id = ANY(?) OR guest_token_hash = ANY(?) ORDER BY id FOR UPDATE";

/// Locks the carts of these owners, as far as they have some.
///
/// The lines are read by a statement of their own: the one that waited for a lock would still see the lines from before.
pub(crate) async fn lock(
    conn: &mut AsyncPgConnection,
    owners: &[Owner],
    held: Held,
) -> QueryResult<Vec<LockedCart>> {
    let (users, guests) = owners_of(owners);
    let locked: Vec<LockedRow> = Statement::new(LOCK)
        .say(match held {
            Held::Wait => "",
            Held::Skip => " SKIP LOCKED",
        })
        .bind::<Array<SqlUuid>, _>(users)
        .bind::<Array<Binary>, _>(guests)
        .load(conn)
        .await?;
    let mut lines = lines_of(conn, locked.iter().map(|row| row.id).collect()).await?;
    locked
        .into_iter()
        .map(|row| {
            let lines = lines.remove(&row.id).unwrap_or_default();
            row.cart(lines)
        })
        .collect()
}

async fn lines_of(
    conn: &mut AsyncPgConnection,
    ids: Vec<Uuid>,
) -> QueryResult<HashMap<Uuid, Vec<LineRow>>> {
    let mut lines: HashMap<Uuid, Vec<LineRow>> = HashMap::new();
    if ids.is_empty() {
        return Ok(lines);
    }
    let found: Vec<LineRow> = cart_items::table
        .filter(cart_items::cart_id.eq_any(ids))
        .order((cart_items::cart_id, cart_items::added_at, cart_items::id))
        .select(LineRow::as_select())
        .load(conn)
        .await?;
    for line in found {
        lines.entry(line.cart_id).or_default().push(line);
    }
    Ok(lines)
}

impl LockedRow {
    /// What has expired and was not swept yet is empty for everybody; saving it takes the old lines away.
    fn cart(self, lines: Vec<LineRow>) -> QueryResult<LockedCart> {
        let currency = rows::currency(self.currency.as_deref())?;
        let stored = lines
            .into_iter()
            .map(|line| line.line(currency))
            .collect::<QueryResult<Vec<_>>>()?;
        let (currency, lines) = if self.is_expired {
            (None, Vec::new())
        } else {
            (currency, stored.clone())
        };
        Ok(LockedCart {
            owner: rows::owner(self.user_id, self.guest_token_hash.as_deref())?,
            cart: Cart {
                id: CartId(self.id),
                version: self.version,
                currency,
                lines,
                updated_at: self.updated_at,
            },
            stored,
            now: self.transaction_time,
        })
    }
}

/// Makes empty carts for owners who have none. One that somebody else made meanwhile is left out.
pub(crate) async fn create(
    conn: &mut AsyncPgConnection,
    wanted: &[(CartId, Owner)],
) -> QueryResult<Vec<LockedCart>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut wanted = wanted.to_vec();
    // In one order everywhere, for the same reason as locks.
    wanted.sort_by_key(|(_, owner)| match owner {
        Owner::User(user) => user.0.as_bytes().to_vec(),
        Owner::Guest(hash) => hash.0.to_vec(),
    });
    let ids: Vec<Uuid> = wanted.iter().map(|(id, _)| id.0).collect();
    let (users, guests): (Vec<Option<Uuid>>, Vec<Option<Vec<u8>>>) = wanted
        .iter()
        .map(|(_, owner)| match owner {
            Owner::User(user) => (Some(user.0), None),
            Owner::Guest(hash) => (None, Some(hash.0.to_vec())),
        })
        .unzip();
    // They live for a moment only: saving them in this transaction says for how long.
    let made: Vec<LockedRow> = Statement::new(
        "INSERT INTO cart.carts (id, user_id, guest_token_hash, expires_at) \
         SELECT n.id, n.user_id, n.guest_token_hash, now() \
         FROM unnest(?, ?, ?) WITH ORDINALITY AS n (id, user_id, guest_token_hash, place) ORDER BY n.place \
         ON CONFLICT DO NOTHING \
         RETURNING id, user_id, guest_token_hash, currency::text, version, updated_at, \
             false AS is_expired, now() AS transaction_time",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Nullable<SqlUuid>>, _>(users)
    .bind::<Array<Nullable<Binary>>, _>(guests)
    .load(conn)
    .await?;
    made.into_iter().map(|row| row.cart(Vec::new())).collect()
}

/// How long carts are kept after their last change, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    /// Those of people.
    pub(crate) user_secs: i32,
    /// Those of guests.
    pub(crate) guest_secs: i32,
}

/// Saves changed carts.
pub(crate) async fn save(
    conn: &mut AsyncPgConnection,
    changed: &[LockedCart],
    lifetimes: Lifetimes,
) -> QueryResult<()> {
    if changed.is_empty() {
        return Ok(());
    }
    let gone: Vec<Uuid> = changed.iter().flat_map(LockedCart::gone).collect();
    if !gone.is_empty() {
        // Before the others: a line that was taken out and put in again has the same variant under a new id.
        diesel::delete(cart_items::table.filter(cart_items::id.eq_any(gone)))
            .execute(conn)
            .await?;
    }
    let heads = Heads::of(changed, lifetimes)?;
    let lines = Lines::of(changed)?;
    Statement::new(
        "WITH lines AS ( \
             INSERT INTO cart.cart_items (id, cart_id, product_id, variant_id, quantity, unit_price, added_at) \
             SELECT * FROM unnest(?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (id) DO UPDATE SET quantity = excluded.quantity, unit_price = excluded.unit_price) \
         UPDATE cart.carts c SET version = n.version, currency = n.currency, item_count = n.item_count, \
             updated_at = now(), expires_at = now() + n.lifetime * interval '1 second', abandoned_at = NULL \
         FROM unnest(?, ?, ?, ?, ?) AS n (id, version, currency, item_count, lifetime) WHERE c.id = n.id",
    )
    .bind::<Array<SqlUuid>, _>(lines.ids)
    .bind::<Array<SqlUuid>, _>(lines.cart_ids)
    .bind::<Array<SqlUuid>, _>(lines.product_ids)
    .bind::<Array<SqlUuid>, _>(lines.variant_ids)
    .bind::<Array<Integer>, _>(lines.quantities)
    .bind::<Array<Numeric>, _>(lines.unit_prices)
    .bind::<Array<Timestamptz>, _>(lines.added_at)
    .bind::<Array<SqlUuid>, _>(heads.ids)
    .bind::<Array<BigInt>, _>(heads.versions)
    .bind::<Array<Nullable<Text>>, _>(heads.currencies)
    .bind::<Array<Integer>, _>(heads.item_counts)
    .bind::<Array<Integer>, _>(heads.lifetimes)
    .execute(conn)
    .await?;
    Ok(())
}

/// Removes a cart that is locked, with its lines.
pub(crate) async fn remove(conn: &mut AsyncPgConnection, cart: &LockedCart) -> QueryResult<()> {
    diesel::delete(carts::table.find(cart.cart.id.0))
        .execute(conn)
        .await?;
    Ok(())
}

impl LockedCart {
    /// Stored lines that are to be there no more.
    fn gone(&self) -> Vec<Uuid> {
        let kept: HashSet<Uuid> = self.cart.lines.iter().map(|line| line.id.0).collect();
        let stored = self.stored.iter().map(|line| line.id.0);
        stored.filter(|id| !kept.contains(id)).collect()
    }

    /// Lines that are new or different.
    fn written(&self) -> impl Iterator<Item = &Line> {
        let is_new = |line: &&Line| !self.stored.contains(line);
        self.cart.lines.iter().filter(is_new)
    }
}

/// The columns of carts, each as an array.
#[derive(Default)]
struct Heads {
    ids: Vec<Uuid>,
    versions: Vec<i64>,
    currencies: Vec<Option<&'static str>>,
    item_counts: Vec<i32>,
    lifetimes: Vec<i32>,
}

impl Heads {
    fn of(changed: &[LockedCart], lifetimes: Lifetimes) -> QueryResult<Self> {
        let mut heads = Self::default();
        for locked in changed {
            let cart = &locked.cart;
            heads.ids.push(cart.id.0);
            heads.versions.push(cart.version);
            heads.currencies.push(cart.currency.map(Currency::code));
            let count = i32::try_from(cart.item_count()).map_err(unreadable)?;
            heads.item_counts.push(count);
            heads.lifetimes.push(match locked.owner {
                Owner::User(_) => lifetimes.user_secs,
                Owner::Guest(_) => lifetimes.guest_secs,
            });
        }
        Ok(heads)
    }
}

/// The columns of lines, each as an array.
#[derive(Default)]
struct Lines {
    ids: Vec<Uuid>,
    cart_ids: Vec<Uuid>,
    product_ids: Vec<Uuid>,
    variant_ids: Vec<Uuid>,
    quantities: Vec<i32>,
    unit_prices: Vec<BigDecimal>,
    added_at: Vec<DateTime<Utc>>,
}

impl Lines {
    fn of(changed: &[LockedCart]) -> QueryResult<Self> {
        let mut lines = Self::default();
        for locked in changed {
            for line in locked.written() {
                lines.ids.push(line.id.0);
                lines.cart_ids.push(locked.cart.id.0);
                lines.product_ids.push(line.product_id.0);
                lines.variant_ids.push(line.variant_id.0);
                let quantity = i32::try_from(line.quantity).map_err(unreadable)?;
                lines.quantities.push(quantity);
                let price = line.seen_price.to_decimal().map_err(unreadable)?;
                lines.unit_prices.push(price);
                lines.added_at.push(line.added_at);
            }
        }
        Ok(lines)
    }
}
