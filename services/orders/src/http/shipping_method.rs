//! A way to ship on the wire, as staff writes it.

use chrono::{DateTime, Utc};
use common::ApiError;
use garde::Validate;
use money::{Amount, Currency, SignedAmount};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::address::line;
use super::fields::{present, yes};
use crate::app::Error;
use crate::app::sales_rules::shipping_methods::{ChangeShippingMethod, NewShippingMethod};
use crate::store::rows::{money, unreadable};
use crate::store::shipping_methods::ShippingMethodRow;

/// A way to ship.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShippingMethodBody {
    id: Uuid,
    /// What buyers choose by; in lower case.
    #[schema(example = "standard")]
    code: String,
    #[schema(example = "Standard delivery")]
    name: String,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "NG")]
    country: String,
    /// Where in the country, in lower case; everywhere if empty.
    states: Vec<String>,
    #[schema(value_type = String, example = "NGN")]
    currency: Currency,
    #[schema(value_type = f64)]
    price: SignedAmount,
    /// Goods of so much travel free; null: never.
    #[schema(value_type = Option<f64>)]
    free_from: Option<SignedAmount>,
    estimated_days: EstimatedDays,
    /// Whether it is taken for orders that do not say how; one for a country and a currency.
    is_default: bool,
    is_active: bool,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// From so many days to so many.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EstimatedDays {
    #[garde(range(min = 0, max = 365))]
    #[schema(example = 2)]
    min: i32,
    #[garde(range(min = 0, max = 365))]
    #[schema(example = 5)]
    max: i32,
}

/// A way to ship under its name.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShippingMethodData {
    shipping_method: ShippingMethodBody,
}

/// A new way to ship.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "code": "express", "name": "Express delivery", "country": "NG", "states": ["Lagos", "Ogun"], "currency": "NGN",
    "price": 3500, "freeFrom": 250_000, "estimatedDays": { "min": 1, "max": 2 }
}))]
pub(crate) struct CreateShippingMethodRequest {
    /// 1 to 40 letters, digits, hyphens and underscores; of no other one in the same country and currency.
    #[garde(skip)]
    code: String,
    /// 1 to 100 characters.
    #[garde(custom(line(1, 100)))]
    name: String,
    /// ISO 3166-1 alpha-2.
    #[garde(skip)]
    country: String,
    /// Where in the country; everywhere if absent or empty.
    #[garde(length(max = 100), inner(custom(line(1, 100))))]
    #[serde(default)]
    states: Vec<String>,
    #[garde(skip)]
    #[schema(value_type = String, example = "NGN")]
    currency: Currency,
    #[garde(skip)]
    #[schema(value_type = f64)]
    price: Amount,
    /// Goods of so much travel free.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    free_from: Option<Amount>,
    #[garde(dive)]
    estimated_days: EstimatedDays,
    /// `true` takes it from whichever is the default in the same country and currency.
    #[garde(skip)]
    #[serde(default)]
    is_default: bool,
    #[garde(skip)]
    #[serde(default = "yes")]
    is_active: bool,
}

/// What to change. A part that is absent stays as it is; `null` takes an optional part away. One that is switched off is not
/// the default any more.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "price": 1800, "freeFrom": null, "version": 2 }))]
pub(crate) struct ChangeShippingMethodRequest {
    #[garde(skip)]
    code: Option<String>,
    #[garde(inner(custom(line(1, 100))))]
    name: Option<String>,
    #[garde(skip)]
    country: Option<String>,
    #[garde(inner(length(max = 100), inner(custom(line(1, 100)))))]
    states: Option<Vec<String>>,
    #[garde(skip)]
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    #[garde(skip)]
    #[schema(value_type = Option<f64>)]
    price: Option<Amount>,
    #[garde(skip)]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    free_from: Option<Option<Amount>>,
    #[garde(dive)]
    estimated_days: Option<EstimatedDays>,
    /// `true` takes it from whichever is the default in the same country and currency.
    #[garde(skip)]
    is_default: Option<bool>,
    #[garde(skip)]
    is_active: Option<bool>,
    /// The version that was looked at; or `If-Match`.
    #[garde(skip)]
    pub(super) version: Option<i64>,
}

impl ShippingMethodBody {
    /// A way to ship as staff sees it.
    pub(super) fn of(row: &ShippingMethodRow) -> Result<Self, ApiError> {
        let currency: Currency = row
            .currency
            .parse()
            .map_err(unreadable)
            .map_err(Error::from)?;
        let amount = |amount| {
            let money = money(amount, currency).map_err(Error::from)?;
            Ok::<_, ApiError>(money.amount())
        };
        Ok(Self {
            id: row.id,
            code: row.code.clone(),
            name: row.name.clone(),
            country: row.country.clone(),
            states: row.states.iter().flatten().cloned().collect(),
            currency,
            price: amount(&row.price)?,
            free_from: row.free_from.as_ref().map(amount).transpose()?,
            estimated_days: EstimatedDays {
                min: row.days_min,
                max: row.days_max,
            },
            is_default: row.is_default,
            is_active: row.is_active,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl ShippingMethodData {
    /// A way to ship as staff sees it.
    pub(super) fn of(row: &ShippingMethodRow) -> Result<Self, ApiError> {
        let shipping_method = ShippingMethodBody::of(row)?;
        Ok(Self { shipping_method })
    }
}

impl From<CreateShippingMethodRequest> for NewShippingMethod {
    fn from(request: CreateShippingMethodRequest) -> Self {
        let days = request.estimated_days;
        Self {
            code: request.code,
            name: request.name,
            country: request.country,
            states: request.states,
            currency: request.currency,
            price: request.price,
            free_from: request.free_from,
            days: (days.min, days.max),
            is_default: request.is_default,
            is_active: request.is_active,
        }
    }
}

impl ChangeShippingMethodRequest {
    /// What changes about the one that had this version.
    pub(super) fn into_change(self, version: Option<i64>) -> ChangeShippingMethod {
        ChangeShippingMethod {
            code: self.code,
            name: self.name,
            country: self.country,
            states: self.states,
            currency: self.currency,
            price: self.price,
            free_from: self.free_from,
            days: self.estimated_days.map(|days| (days.min, days.max)),
            is_default: self.is_default,
            is_active: self.is_active,
            version,
        }
    }
}
