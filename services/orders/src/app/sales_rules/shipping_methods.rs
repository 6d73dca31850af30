//! Looking after ways to ship.

use chrono::{DateTime, Utc};
use common::auth::CurrentUser;
use common::paging::{Page, Pagination};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use messaging::Trail;
use messaging::idempotency::Making;
use money::{Amount, Currency};
use serde_json::json;

use super::{above_zero, check_version, country_of, place_of, priced, taken};
use crate::app::Error;
use crate::startup::AppState;
use crate::store::rows::{money, unreadable};
use crate::store::shipping_methods::{self, ShippingMethodId, ShippingMethodRow};

/// The longest code.
const CODE_LENGTH_MAX: usize = 40;

/// What a way to ship is to be.
#[derive(Debug, Clone)]
pub(crate) struct NewShippingMethod {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) country: String,
    /// Where in the country; everywhere if empty.
    pub(crate) states: Vec<String>,
    pub(crate) currency: Currency,
    pub(crate) price: Amount,
    pub(crate) free_from: Option<Amount>,
    /// From so many to so many.
    pub(crate) days: (i32, i32),
    pub(crate) is_default: bool,
    pub(crate) is_active: bool,
}

/// What of a way to ship is to be another. What is absent stays; the inner `None` takes a value away.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChangeShippingMethod {
    pub(crate) code: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) states: Option<Vec<String>>,
    pub(crate) currency: Option<Currency>,
    pub(crate) price: Option<Amount>,
    pub(crate) free_from: Option<Option<Amount>>,
    pub(crate) days: Option<(i32, i32)>,
    pub(crate) is_default: Option<bool>,
    pub(crate) is_active: Option<bool>,
    pub(crate) version: Option<i64>,
}

/// One page of ways to ship, by country, currency and code.
pub(crate) async fn list_all_shipping_methods(
    state: &AppState,
    country: Option<&str>,
    page: Page,
) -> Result<(Vec<ShippingMethodRow>, Pagination), Error> {
    let mut conn = state.db.get().await?;
    let (rows, total) = shipping_methods::list(&mut conn, country, page).await?;
    Ok((rows, page.of_total(total)))
}

/// Adds a way to ship.
pub(crate) async fn create_shipping_method(
    state: &AppState,
    caller: &CurrentUser,
    new: &NewShippingMethod,
    making: &Making<ShippingMethodRow>,
) -> Result<ShippingMethodRow, Error> {
    let trail = state.trail();
    let row = row_of(ShippingMethodId(making.id), new, trail.now())?;
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        take_default(&trail, conn, caller, &row).await?;
        let inserted = shipping_methods::insert(conn, &row).await;
        inserted.map_err(taken)?;
        note(&trail, conn, caller, "shipping_method.created", &row).await?;
        making.settle(conn, &row).await?;
        Ok(row)
    })
    .await
}

/// Changes a way to ship. Orders that are placed keep what they were promised.
pub(crate) async fn change_shipping_method(
    state: &AppState,
    caller: &CurrentUser,
    method: ShippingMethodId,
    change: ChangeShippingMethod,
) -> Result<ShippingMethodRow, Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let before = shipping_methods::lock(conn, method).await?;
        let before = before.ok_or(Error::NotFound("shipping method"))?;
        check_version(change.version, before.version)?;
        let new = change.applied_to(&before)?;
        let row = ShippingMethodRow {
            version: before.version + 1,
            created_at: before.created_at,
            ..row_of(method, &new, trail.now())?
        };
        take_default(&trail, conn, caller, &row).await?;
        let updated = shipping_methods::update(conn, &row).await;
        updated.map_err(taken)?;
        note(&trail, conn, caller, "shipping_method.changed", &row).await?;
        Ok(row)
    })
    .await
}

/// Takes a way to ship away.
pub(crate) async fn delete_shipping_method(
    state: &AppState,
    caller: &CurrentUser,
    method: ShippingMethodId,
    seen: Option<i64>,
) -> Result<(), Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let row = shipping_methods::lock(conn, method).await?;
        let row = row.ok_or(Error::NotFound("shipping method"))?;
        check_version(seen, row.version)?;
        shipping_methods::delete(conn, method).await?;
        note(&trail, conn, caller, "shipping_method.deleted", &row).await
    })
    .await
}

/// There is one default for a country and a currency: whoever becomes it takes the flag from the other.
async fn take_default(
    trail: &Trail,
    conn: &mut AsyncPgConnection,
    caller: &CurrentUser,
    row: &ShippingMethodRow,
) -> Result<(), Error> {
    if !row.is_default {
        return Ok(());
    }
    if let Some(other) = shipping_methods::take_default(conn, row).await? {
        note(trail, conn, caller, "shipping_method.changed", &other).await?;
    }
    Ok(())
}

async fn note(
    trail: &Trail,
    conn: &mut AsyncPgConnection,
    caller: &CurrentUser,
    action: &str,
    row: &ShippingMethodRow,
) -> Result<(), Error> {
    let facts = json!({
        "code": row.code, "country": row.country, "currency": row.currency, "price": row.price.to_string(),
        "freeFrom": row.free_from.as_ref().map(ToString::to_string),
        "isDefault": row.is_default, "isActive": row.is_active, "version": row.version,
    });
    let entity = ("shipping_method", row.id.to_string());
    Ok(trail.audit(conn, caller, action, entity, facts).await?)
}

impl ChangeShippingMethod {
    /// What a stored way to ship is to be then.
    fn applied_to(self, row: &ShippingMethodRow) -> Result<NewShippingMethod, Error> {
        let currency: Currency = row.currency.parse().map_err(unreadable)?;
        let stored = |amount| {
            let money = money(amount, currency)?;
            Amount::try_from_minor(money.minor()).map_err(unreadable)
        };
        let free_from = row.free_from.as_ref().map(stored).transpose()?;
        let states = || row.states.iter().flatten().cloned().collect();
        let is_active = self.is_active.unwrap_or(row.is_active);
        Ok(NewShippingMethod {
            code: self.code.unwrap_or_else(|| row.code.clone()),
            name: self.name.unwrap_or_else(|| row.name.clone()),
            country: self.country.unwrap_or_else(|| row.country.clone()),
            states: self.states.unwrap_or_else(states),
            currency: self.currency.unwrap_or(currency),
            price: self.price.map_or_else(|| stored(&row.price), Ok)?,
            free_from: self.free_from.unwrap_or(free_from),
            days: self.days.unwrap_or((row.days_min, row.days_max)),
            // One that is switched off leaves the flag to whoever comes next.
            is_default: self.is_default.unwrap_or(row.is_default && is_active),
            is_active,
        })
    }
}

/// A new way to ship as it is stored.
fn row_of(
    method: ShippingMethodId,
    new: &NewShippingMethod,
    now: DateTime<Utc>,
) -> Result<ShippingMethodRow, Error> {
    let (days_min, days_max) = new.days;
    if days_min > days_max {
        let why = "must not be less than estimatedDays.min";
        return Err(Error::invalid("estimatedDays.max", why));
    }
    if new.is_default && !new.is_active {
        let why = "cannot be so while it is switched off";
        return Err(Error::invalid("isDefault", why));
    }
    if let Some(free_from) = new.free_from {
        above_zero("freeFrom", free_from)?;
    }
    let priced = |field, amount| priced(field, amount, new.currency);
    let free_from = new.free_from.map(|from| priced("freeFrom", from));
    Ok(ShippingMethodRow {
        id: method.0,
        code: code_of(&new.code)?,
        name: new.name.trim().to_owned(),
        country: country_of(&new.country)?,
        states: places_of(&new.states),
        currency: new.currency.code().to_owned(),
        price: priced("price", new.price)?,
        free_from: free_from.transpose()?,
        days_min,
        days_max,
        is_default: new.is_default,
        is_active: new.is_active,
        version: 1,
        created_at: now,
        updated_at: now,
    })
}

/// A code in lower case; buyers choose by it.
fn code_of(text: &str) -> Result<String, Error> {
    let code = text.trim().to_ascii_lowercase();
    let is_known = |letter: u8| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || b"_-".contains(&letter)
    };
    if (1..=CODE_LENGTH_MAX).contains(&code.len()) && code.bytes().all(is_known) {
        return Ok(code);
    }
    let why = "must be 1 to 40 letters, digits, hyphens and underscores";
    Err(Error::invalid("code", why))
}

/// Each place once, in their order.
fn places_of(texts: &[String]) -> Vec<Option<String>> {
    let mut places = Vec::with_capacity(texts.len());
    for text in texts {
        let place = Some(place_of(text));
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}
