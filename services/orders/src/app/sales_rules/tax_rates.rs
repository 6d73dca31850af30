//! Looking after tax rates.

use chrono::{DateTime, Utc};
use common::auth::CurrentUser;
use common::paging::{Page, Pagination};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use messaging::Trail;
use messaging::idempotency::Making;
use money::Amount;
use serde_json::json;

use super::{basis_points, check_version, country_of, place_of, taken};
use crate::app::Error;
use crate::startup::AppState;
use crate::store::rows::unreadable;
use crate::store::tax_rates::{self, TaxRateId, TaxRateRow};

/// What a tax rate is to be.
#[derive(Debug, Clone)]
pub(crate) struct NewTaxRate {
    pub(crate) name: String,
    pub(crate) country: String,
    /// The whole country if absent.
    pub(crate) state: Option<String>,
    /// Per cent.
    pub(crate) rate: Amount,
    pub(crate) applies_to_shipping: bool,
    pub(crate) is_active: bool,
}

/// What of a tax rate is to be another. What is absent stays; the inner `None` takes a value away.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChangeTaxRate {
    pub(crate) name: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) state: Option<Option<String>>,
    pub(crate) rate: Option<Amount>,
    pub(crate) applies_to_shipping: Option<bool>,
    pub(crate) is_active: Option<bool>,
    pub(crate) version: Option<i64>,
}

/// One page of tax rates, by country and state.
pub(crate) async fn list_tax_rates(
    state: &AppState,
    country: Option<&str>,
    page: Page,
) -> Result<(Vec<TaxRateRow>, Pagination), Error> {
    let mut conn = state.db.get().await?;
    let (rows, total) = tax_rates::list(&mut conn, country, page).await?;
    Ok((rows, page.of_total(total)))
}

/// Adds a tax rate.
pub(crate) async fn create_tax_rate(
    state: &AppState,
    caller: &CurrentUser,
    new: &NewTaxRate,
    making: &Making<TaxRateRow>,
) -> Result<TaxRateRow, Error> {
    let trail = state.trail();
    let row = row_of(TaxRateId(making.id), new, trail.now())?;
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        tax_rates::insert(conn, &row).await.map_err(taken)?;
        note(&trail, conn, caller, "tax_rate.created", &row).await?;
        making.settle(conn, &row).await?;
        Ok(row)
    })
    .await
}

/// Changes a tax rate. Orders that are placed keep theirs.
pub(crate) async fn change_tax_rate(
    state: &AppState,
    caller: &CurrentUser,
    rate: TaxRateId,
    change: ChangeTaxRate,
) -> Result<TaxRateRow, Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let before = tax_rates::lock(conn, rate).await?;
        let before = before.ok_or(Error::NotFound("tax rate"))?;
        check_version(change.version, before.version)?;
        let new = change.applied_to(&before)?;
        let row = TaxRateRow {
            version: before.version + 1,
            created_at: before.created_at,
            ..row_of(rate, &new, trail.now())?
        };
        tax_rates::update(conn, &row).await.map_err(taken)?;
        note(&trail, conn, caller, "tax_rate.changed", &row).await?;
        Ok(row)
    })
    .await
}

/// Takes a tax rate away.
pub(crate) async fn delete_tax_rate(
    state: &AppState,
    caller: &CurrentUser,
    rate: TaxRateId,
    seen: Option<i64>,
) -> Result<(), Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let row = tax_rates::lock(conn, rate).await?;
        let row = row.ok_or(Error::NotFound("tax rate"))?;
        check_version(seen, row.version)?;
        tax_rates::delete(conn, rate).await?;
        note(&trail, conn, caller, "tax_rate.deleted", &row).await
    })
    .await
}

async fn note(
    trail: &Trail,
    conn: &mut AsyncPgConnection,
    caller: &CurrentUser,
    action: &str,
    row: &TaxRateRow,
) -> Result<(), Error> {
    let facts = json!({
        "country": row.country, "state": row.state, "basisPoints": row.basis_points,
        "appliesToShipping": row.applies_to_shipping, "isActive": row.is_active, "version": row.version,
    });
    let entity = ("tax_rate", row.id.to_string());
    Ok(trail.audit(conn, caller, action, entity, facts).await?)
}

impl ChangeTaxRate {
    /// What a stored tax rate is to be then.
    fn applied_to(self, row: &TaxRateRow) -> Result<NewTaxRate, Error> {
        let stored = Amount::try_from_minor(row.basis_points.into()).map_err(unreadable)?;
        let state = || Some(row.state.clone()).filter(|state| !state.is_empty());
        Ok(NewTaxRate {
            name: self.name.unwrap_or_else(|| row.name.clone()),
            country: self.country.unwrap_or_else(|| row.country.clone()),
            state: self.state.unwrap_or_else(state),
            rate: self.rate.unwrap_or(stored),
            applies_to_shipping: self.applies_to_shipping.unwrap_or(row.applies_to_shipping),
            is_active: self.is_active.unwrap_or(row.is_active),
        })
    }
}

/// A new tax rate as it is stored.
fn row_of(rate: TaxRateId, new: &NewTaxRate, now: DateTime<Utc>) -> Result<TaxRateRow, Error> {
    Ok(TaxRateRow {
        id: rate.0,
        name: new.name.trim().to_owned(),
        country: country_of(&new.country)?,
        state: new.state.as_deref().map(place_of).unwrap_or_default(),
        basis_points: basis_points("rate", new.rate)?,
        applies_to_shipping: new.applies_to_shipping,
        is_active: new.is_active,
        version: 1,
        created_at: now,
        updated_at: now,
    })
}
