//! A coupon on the wire.

use chrono::{DateTime, Utc};
use common::ApiError;
use garde::Validate;
use money::{Amount, Currency};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::fields::{present, yes};
use crate::app::sales_rules::coupon_terms::{ChangeCoupon, CouponTerms, Kind, terms_of};
use crate::store::coupons::CouponRow;

/// A coupon may be used this often at most, if it is limited at all.
const USES_MAX: i64 = 1_000_000_000;

/// A coupon.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CouponBody {
    id: Uuid,
    /// In upper case; buyers may write it as they like.
    #[schema(example = "WELCOME10")]
    code: String,
    #[serde(rename = "type")]
    kind: CouponKind,
    /// Money, or per cent of the goods.
    #[schema(value_type = f64, example = 10)]
    amount: Amount,
    /// What its amounts are in; null for a percentage without `minOrderAmount`.
    #[schema(value_type = Option<String>, example = "NGN")]
    currency: Option<Currency>,
    /// The least that the goods must cost; null: anything goes.
    #[schema(value_type = Option<f64>)]
    min_order_amount: Option<Amount>,
    /// Null: at once.
    starts_at: Option<DateTime<Utc>>,
    /// From when on it cannot be used any more; null: never.
    expires_at: Option<DateTime<Utc>>,
    /// How many orders may use it; null: any number.
    usage_limit: Option<i64>,
    /// How many orders of one buyer may use it; null: any number.
    per_user_limit: Option<i64>,
    /// Orders that use it and are neither cancelled nor expired.
    used_count: i64,
    is_active: bool,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// How a coupon counts what it takes off.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CouponKind {
    /// So much.
    Fixed,
    /// So many per cent of the goods.
    Percentage,
}

/// A coupon under its name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CouponData {
    coupon: CouponBody,
}

/// A new coupon.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "code": "WELCOME10", "type": "percentage", "amount": 10, "perUserLimit": 1 }))]
pub(crate) struct CreateCouponRequest {
    /// 1 to 40 letters, digits, hyphens and underscores; upper and lower case are the same.
    #[garde(skip)]
    code: String,
    #[garde(skip)]
    #[serde(rename = "type")]
    kind: CouponKind,
    /// Money, or 0.01 to 100 per cent.
    #[garde(skip)]
    #[schema(value_type = f64, example = 10)]
    amount: Amount,
    /// What its amounts are in, naira if absent. A percentage without `minOrderAmount` has no amounts.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "NGN")]
    currency: Option<Currency>,
    /// The least that the goods must cost.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    min_order_amount: Option<Amount>,
    #[garde(skip)]
    #[serde(default)]
    starts_at: Option<DateTime<Utc>>,
    /// Later than `startsAt`.
    #[garde(skip)]
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
    /// How many orders may use it.
    #[garde(inner(range(min = 1, max = USES_MAX)))]
    #[serde(default)]
    usage_limit: Option<i64>,
    /// How many orders of one buyer may use it.
    #[garde(inner(range(min = 1, max = USES_MAX)))]
    #[serde(default)]
    per_user_limit: Option<i64>,
    #[garde(skip)]
    #[serde(default = "yes")]
    is_active: bool,
}

/// What to change. A part that is absent stays as it is; `null` takes an optional part away.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "expiresAt": "2026-12-31T23:00:00Z", "usageLimit": null, "version": 2 }))]
pub(crate) struct ChangeCouponRequest {
    #[garde(skip)]
    code: Option<String>,
    /// Another one needs `amount`, too.
    #[garde(skip)]
    #[serde(rename = "type")]
    kind: Option<CouponKind>,
    #[garde(skip)]
    #[schema(value_type = Option<f64>)]
    amount: Option<Amount>,
    #[garde(skip)]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    currency: Option<Option<Currency>>,
    #[garde(skip)]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    min_order_amount: Option<Option<Amount>>,
    #[garde(skip)]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    starts_at: Option<Option<DateTime<Utc>>>,
    #[garde(skip)]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    expires_at: Option<Option<DateTime<Utc>>>,
    #[garde(inner(inner(range(min = 1, max = USES_MAX))))]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    usage_limit: Option<Option<i64>>,
    #[garde(inner(inner(range(min = 1, max = USES_MAX))))]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    per_user_limit: Option<Option<i64>>,
    #[garde(skip)]
    is_active: Option<bool>,
    /// The version that was looked at; or `If-Match`.
    #[garde(skip)]
    pub(super) version: Option<i64>,
}

impl CouponBody {
    /// A coupon as staff sees it.
    pub(super) fn of(row: &CouponRow) -> Result<Self, ApiError> {
        let terms = terms_of(row)?;
        Ok(Self {
            id: row.id,
            code: terms.code,
            kind: terms.kind.into(),
            amount: terms.amount,
            currency: terms.currency,
            min_order_amount: terms.minimum,
            starts_at: terms.starts_at,
            expires_at: terms.expires_at,
            usage_limit: terms.usage_limit,
            per_user_limit: terms.per_user_limit,
            used_count: row.used_count,
            is_active: terms.is_active,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl CouponData {
    /// A coupon as staff sees it.
    pub(super) fn of(row: &CouponRow) -> Result<Self, ApiError> {
        let coupon = CouponBody::of(row)?;
        Ok(Self { coupon })
    }
}

impl From<CouponKind> for Kind {
    fn from(kind: CouponKind) -> Self {
        match kind {
            CouponKind::Fixed => Self::Fixed,
            CouponKind::Percentage => Self::Percentage,
        }
    }
}

impl From<Kind> for CouponKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Fixed => Self::Fixed,
            Kind::Percentage => Self::Percentage,
        }
    }
}

impl From<CreateCouponRequest> for CouponTerms {
    fn from(request: CreateCouponRequest) -> Self {
        Self {
            code: request.code,
            kind: request.kind.into(),
            amount: request.amount,
            currency: request.currency,
            minimum: request.min_order_amount,
            starts_at: request.starts_at,
            expires_at: request.expires_at,
            usage_limit: request.usage_limit,
            per_user_limit: request.per_user_limit,
            is_active: request.is_active,
        }
    }
}

impl ChangeCouponRequest {
    /// What changes about the coupon that had this version.
    pub(super) fn into_change(self, version: Option<i64>) -> ChangeCoupon {
        ChangeCoupon {
            code: self.code,
            kind: self.kind.map(Kind::from),
            amount: self.amount,
            currency: self.currency,
            minimum: self.min_order_amount,
            starts_at: self.starts_at,
            expires_at: self.expires_at,
            usage_limit: self.usage_limit,
            per_user_limit: self.per_user_limit,
            is_active: self.is_active,
            version,
        }
    }
}
