//! Carts as they are read.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::rows::{self, LineRow, owners_of};
use super::schema::cart::{cart_items, carts};
use crate::domain::cart::Cart;
use crate::domain::ids::{CartId, LineId, VariantId};
use crate::domain::owner::Owner;

/// Which state a cart is in. No two states of any cart have the same stamp: a version that was lost with a server that failed
/// may be given again, but at another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The cart.
    pub(crate) id: CartId,
    /// Its version.
    pub(crate) version: i64,
    /// When it got it.
    pub(crate) updated_at: DateTime<Utc>,
}

impl From<&Cart> for Stamp {
    fn from(cart: &Cart) -> Self {
        Self {
            id: cart.id,
            version: cart.version,
            updated_at: cart.updated_at,
        }
    }
}

#[derive(QueryableByName)]
struct StampRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    user_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Binary>)]
    guest_token_hash: Option<Vec<u8>>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

/// The state that each owner's cart is in now; owners without one are missing.
pub(crate) async fn stamps(
    conn: &mut AsyncPgConnection,
    owners: &[Owner],
) -> QueryResult<HashMap<Owner, Stamp>> {
    let (users, guests) = owners_of(owners);
    // Two halves and no OR, so that each is answered from its unique index.
    let found: Vec<StampRow> = Statement::new(
        "SELECT id, user_id, guest_token_hash, version, updated_at FROM cart.carts \
         WHERE user_id = ANY(?) AND expires_at > now() \
         UNION ALL \
         SELECT id, user_id, guest_token_hash, version, updated_at FROM cart.carts \
         WHERE guest_token_hash = ANY(?) AND expires_at > now()",
    )
    .bind::<Array<SqlUuid>, _>(users)
    .bind::<Array<Binary>, _>(guests)
    .load(conn)
    .await?;
    found
        .into_iter()
        .map(|row| {
            let owner = rows::owner(row.user_id, row.guest_token_hash.as_deref())?;
            let stamp = Stamp {
                id: CartId(row.id),
                version: row.version,
                updated_at: row.updated_at,
            };
            Ok((owner, stamp))
        })
        .collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = carts, check_for_backend(diesel::pg::Pg))]
struct HeadRow {
    id: Uuid,
    version: i64,
    currency: Option<String>,
    updated_at: DateTime<Utc>,
}

/// Whole carts, each in one state: head and lines come from the same snapshot.
pub(crate) async fn load(
    conn: &mut AsyncPgConnection,
    ids: &[CartId],
) -> QueryResult<HashMap<CartId, Cart>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let found: Vec<(HeadRow, Option<LineRow>)> = carts::table
        .left_join(cart_items::table)
        .filter(carts::id.eq_any(ids))
        .order((carts::id, cart_items::added_at, cart_items::id))
        .select((HeadRow::as_select(), Option::<LineRow>::as_select()))
        .load(conn)
        .await?;
    let mut loaded: HashMap<CartId, Cart> = HashMap::new();
    for (head, line) in found {
        let currency = rows::currency(head.currency.as_deref())?;
        let cart = loaded.entry(CartId(head.id)).or_insert_with(|| Cart {
            id: CartId(head.id),
            version: head.version,
            currency,
            lines: Vec::new(),
            updated_at: head.updated_at,
        });
        if let Some(line) = line {
            cart.lines.push(line.line(currency)?);
        }
    }
    Ok(loaded)
}

#[derive(QueryableByName)]
struct LineVariantRow {
    #[diesel(sql_type = SqlUuid)]
    variant_id: Uuid,
}

/// Which variant a line of the owner's cart is about.
pub(crate) async fn variant_of_line(
    conn: &mut AsyncPgConnection,
    owner: Owner,
    line: LineId,
) -> QueryResult<Option<VariantId>> {
    let (users, guests) = owners_of(&[owner]);
    Statement::new(
        "SELECT i.variant_id FROM cart.cart_items i JOIN cart.carts c ON c.id = i.cart_id \
         WHERE i.id = ? AND (c.user_id = ANY(?) OR c.guest_token_hash = ANY(?)) AND c.expires_at > now()",
    )
    .bind::<SqlUuid, _>(line.0)
    .bind::<Array<SqlUuid>, _>(users)
    .bind::<Array<Binary>, _>(guests)
    .get_result::<LineVariantRow>(conn)
    .await
    .optional()
    .map(|found| found.map(|row| VariantId(row.variant_id)))
}
