//! A tax rate on the wire.

use chrono::{DateTime, Utc};
use garde::Validate;
use money::{Amount, SignedAmount};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::address::line;
use super::fields::{present, yes};
use crate::app::sales_rules::tax_rates::{ChangeTaxRate, NewTaxRate};
use crate::store::tax_rates::TaxRateRow;

/// What is charged on sales to a place.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaxRateBody {
    id: Uuid,
    /// As it stands on invoices.
    #[schema(example = "VAT")]
    name: String,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "NG")]
    country: String,
    /// In lower case; null: the whole country.
    state: Option<String>,
    /// Per cent.
    #[schema(value_type = f64, example = 7.5)]
    rate: SignedAmount,
    applies_to_shipping: bool,
    is_active: bool,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A tax rate under its name.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaxRateData {
    tax_rate: TaxRateBody,
}

/// A new tax rate.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "name": "VAT", "country": "NG", "rate": 7.5, "appliesToShipping": true }))]
pub(crate) struct CreateTaxRateRequest {
    /// As it stands on invoices: 1 to 60 characters.
    #[garde(custom(line(1, 60)))]
    name: String,
    /// ISO 3166-1 alpha-2.
    #[garde(skip)]
    country: String,
    /// The whole country if absent. A state's own rate comes before its country's.
    #[garde(inner(custom(line(1, 100))))]
    #[serde(default)]
    state: Option<String>,
    /// 0 to 100 per cent.
    #[garde(skip)]
    #[schema(value_type = f64, example = 7.5)]
    rate: Amount,
    /// Whether it is charged on shipping, too.
    #[garde(skip)]
    #[serde(default)]
    applies_to_shipping: bool,
    /// One rate is active for a country and a state.
    #[garde(skip)]
    #[serde(default = "yes")]
    is_active: bool,
}

/// What to change. A part that is absent stays as it is; `null` takes an optional part away.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "rate": 10, "version": 2 }))]
pub(crate) struct ChangeTaxRateRequest {
    #[garde(inner(custom(line(1, 60))))]
    name: Option<String>,
    #[garde(skip)]
    country: Option<String>,
    #[garde(inner(inner(custom(line(1, 100)))))]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    state: Option<Option<String>>,
    #[garde(skip)]
    #[schema(value_type = Option<f64>)]
    rate: Option<Amount>,
    #[garde(skip)]
    applies_to_shipping: Option<bool>,
    #[garde(skip)]
    is_active: Option<bool>,
    /// The version that was looked at; or `If-Match`.
    #[garde(skip)]
    pub(super) version: Option<i64>,
}

impl From<&TaxRateRow> for TaxRateBody {
    fn from(row: &TaxRateRow) -> Self {
        Self {
            id: row.id,
            name: row.name.clone(),
            country: row.country.clone(),
            state: Some(row.state.clone()).filter(|state| !state.is_empty()),
            // The hundredths of a per cent are its two decimals.
            rate: SignedAmount::from_minor(row.basis_points.into()),
            applies_to_shipping: row.applies_to_shipping,
            is_active: row.is_active,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<&TaxRateRow> for TaxRateData {
    fn from(row: &TaxRateRow) -> Self {
        Self {
            tax_rate: row.into(),
        }
    }
}

impl From<CreateTaxRateRequest> for NewTaxRate {
    fn from(request: CreateTaxRateRequest) -> Self {
        Self {
            name: request.name,
            country: request.country,
            state: request.state,
            rate: request.rate,
            applies_to_shipping: request.applies_to_shipping,
            is_active: request.is_active,
        }
    }
}

impl ChangeTaxRateRequest {
    /// What changes about the rate that had this version.
    pub(super) fn into_change(self, version: Option<i64>) -> ChangeTaxRate {
        ChangeTaxRate {
            name: self.name,
            country: self.country,
            state: self.state,
            rate: self.rate,
            applies_to_shipping: self.applies_to_shipping,
            is_active: self.is_active,
            version,
        }
    }
}
