//! Rows and what they stand for.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use money::{Currency, Money};
use uuid::Uuid;

use super::schema::cart::cart_items;
use crate::domain::cart::Line;
use crate::domain::ids::{LineId, ProductId, UserId, VariantId};
use crate::domain::owner::{GuestHash, Owner};

/// A line as it is stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = cart_items, check_for_backend(diesel::pg::Pg))]
pub(crate) struct LineRow {
    id: Uuid,
    pub(super) cart_id: Uuid,
    product_id: Uuid,
    variant_id: Uuid,
    quantity: i32,
    unit_price: BigDecimal,
    added_at: DateTime<Utc>,
}

impl LineRow {
    /// The line, priced in its cart's currency.
    pub(super) fn line(self, currency: Option<Currency>) -> QueryResult<Line> {
        let currency = currency.ok_or_else(|| unreadable("a filled cart without a currency"))?;
        Ok(Line {
            id: LineId(self.id),
            product_id: ProductId(self.product_id),
            variant_id: VariantId(self.variant_id),
            quantity: u32::try_from(self.quantity).map_err(unreadable)?,
            seen_price: Money::from_decimal(&self.unit_price, currency).map_err(unreadable)?,
            added_at: self.added_at,
        })
    }
}

/// Reads a currency's code.
pub(super) fn currency(code: Option<&str>) -> QueryResult<Option<Currency>> {
    code.map(|code| code.parse().map_err(unreadable))
        .transpose()
}

/// Whose cart a row is; a constraint says that it has exactly one owner.
pub(super) fn owner(user_id: Option<Uuid>, guest_token_hash: Option<&[u8]>) -> QueryResult<Owner> {
    match (user_id, guest_token_hash) {
        (Some(user), _) => Ok(Owner::User(UserId(user))),
        (None, Some(hash)) => {
            let hash = hash.try_into().map_err(unreadable)?;
            Ok(Owner::Guest(GuestHash(hash)))
        }
        (None, None) => Err(unreadable("a cart without an owner")),
    }
}

/// People and guests apart, as the two columns have them.
pub(super) fn owners_of(owners: &[Owner]) -> (Vec<Uuid>, Vec<Vec<u8>>) {
    let users = owners.iter().filter_map(|owner| match owner {
        Owner::User(user) => Some(user.0),
        Owner::Guest(_) => None,
    });
    let guests = owners.iter().filter_map(|owner| match owner {
        Owner::User(_) => None,
        Owner::Guest(hash) => Some(hash.0.to_vec()),
    });
    (users.collect(), guests.collect())
}

/// A row that says what our code never writes.
pub(super) fn unreadable<E>(error: E) -> DieselError
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    DieselError::DeserializationError(error.into())
}
