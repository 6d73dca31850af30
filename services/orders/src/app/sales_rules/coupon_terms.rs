//! What a coupon may be, and how it is stored.

use chrono::{DateTime, Datelike as _, SubsecRound as _, Utc};
use money::{Amount, Currency};

use super::{above_zero, basis_points, priced};
use crate::app::Error;
use crate::domain::ids::CouponId;
use crate::store::coupons::CouponRow;
use crate::store::rows::{money, unreadable};

/// The longest code.
const CODE_LENGTH_MAX: usize = 40;

const CODE_FORM: &str = "must be 1 to 40 letters, digits, hyphens and underscores";

/// How a coupon counts what it takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// So much.
    Fixed,
    /// So many per cent of the goods.
    Percentage,
}

impl Kind {
    /// As it is stored and written.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Percentage => "percentage",
        }
    }
}

/// What a coupon is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CouponTerms {
    pub(crate) code: String,
    pub(crate) kind: Kind,
    /// Per cent, or money.
    pub(crate) amount: Amount,
    pub(crate) currency: Option<Currency>,
    /// The least that the goods must cost.
    pub(crate) minimum: Option<Amount>,
    pub(crate) starts_at: Option<DateTime<Utc>>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) usage_limit: Option<i64>,
    pub(crate) per_user_limit: Option<i64>,
    pub(crate) is_active: bool,
}

/// What of a coupon is to be another. What is absent stays; the inner `None` takes a value away.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChangeCoupon {
    pub(crate) code: Option<String>,
    pub(crate) kind: Option<Kind>,
    pub(crate) amount: Option<Amount>,
    pub(crate) currency: Option<Option<Currency>>,
    pub(crate) minimum: Option<Option<Amount>>,
    pub(crate) starts_at: Option<Option<DateTime<Utc>>>,
    pub(crate) expires_at: Option<Option<DateTime<Utc>>>,
    pub(crate) usage_limit: Option<Option<i64>>,
    pub(crate) per_user_limit: Option<Option<i64>>,
    pub(crate) is_active: Option<bool>,
    pub(crate) version: Option<i64>,
}

impl ChangeCoupon {
    /// What the coupon is to be then.
    ///
    /// # Errors
    /// When the parts do not go together.
    pub(super) fn applied_to(self, terms: CouponTerms) -> Result<CouponTerms, Error> {
        let kind = self.kind.unwrap_or(terms.kind);
        if kind != terms.kind && self.amount.is_none() {
            return Err(Error::invalid("amount", "is required with another type"));
        }
        let mut terms = CouponTerms {
            code: self.code.unwrap_or(terms.code),
            kind,
            amount: self.amount.unwrap_or(terms.amount),
            currency: terms.currency,
            minimum: self.minimum.unwrap_or(terms.minimum),
            starts_at: self.starts_at.unwrap_or(terms.starts_at),
            expires_at: self.expires_at.unwrap_or(terms.expires_at),
            usage_limit: self.usage_limit.unwrap_or(terms.usage_limit),
            per_user_limit: self.per_user_limit.unwrap_or(terms.per_user_limit),
            is_active: self.is_active.unwrap_or(terms.is_active),
        };
        terms.currency = match (self.currency, terms.has_money()) {
            (Some(None), true) => {
                return Err(Error::invalid("currency", "is what its amounts are in"));
            }
            (Some(given), _) => given,
            (None, true) => terms.currency,
            // It goes with the last amount.
            (None, false) => None,
        };
        Ok(terms)
    }
}

impl CouponTerms {
    /// Whether anything in it is an amount of money.
    fn has_money(&self) -> bool {
        self.kind == Kind::Fixed || self.minimum.is_some_and(|minimum| minimum.minor() > 0)
    }

    /// What its amounts are in; none if it has none.
    fn currency(&self) -> Result<Option<Currency>, Error> {
        if self.has_money() {
            return Ok(Some(self.currency.unwrap_or(Currency::Ngn)));
        }
        match self.currency {
            None => Ok(None),
            Some(_) => Err(Error::invalid(
                "currency",
                "is for amounts: a percentage without minOrderAmount is good in every currency",
            )),
        }
    }
}

/// A new coupon as it is stored.
pub(super) fn row_of(
    coupon: CouponId,
    terms: &CouponTerms,
    now: DateTime<Utc>,
) -> Result<CouponRow, Error> {
    let currency = terms.currency()?;
    let paid_in = currency.unwrap_or(Currency::Ngn);
    above_zero("amount", terms.amount)?;
    let (basis_points, amount) = match terms.kind {
        Kind::Fixed => (None, Some(priced("amount", terms.amount, paid_in)?)),
        Kind::Percentage => (Some(basis_points("amount", terms.amount)?), None),
    };
    let minimum = terms.minimum.unwrap_or_default();
    let starts_at = moment("startsAt", terms.starts_at)?;
    let expires_at = moment("expiresAt", terms.expires_at)?;
    if let (Some(from), Some(until)) = (starts_at, expires_at)
        && from >= until
    {
        return Err(Error::invalid("expiresAt", "must be later than startsAt"));
    }
    Ok(CouponRow {
        id: coupon.0,
        code: code_of(&terms.code)?,
        kind: terms.kind.name().to_owned(),
        basis_points,
        amount,
        currency: currency.map(|currency| currency.code().to_owned()),
        min_order_amount: priced("minOrderAmount", minimum, paid_in)?,
        starts_at,
        expires_at,
        usage_limit: terms.usage_limit,
        per_user_limit: terms.per_user_limit,
        used_count: 0,
        is_active: terms.is_active,
        version: 1,
        created_at: now,
        updated_at: now,
    })
}

/// What a stored coupon is.
pub(crate) fn terms_of(row: &CouponRow) -> Result<CouponTerms, Error> {
    let currency: Option<Currency> = row
        .currency
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(unreadable)?;
    let amount_in = |amount, currency| {
        let money = money(amount, currency)?;
        Amount::try_from_minor(money.minor()).map_err(unreadable)
    };
    let (kind, amount) = match (row.basis_points, &row.amount, currency) {
        (Some(points), ..) => {
            let per_cent = Amount::try_from_minor(points.into()).map_err(unreadable)?;
            (Kind::Percentage, per_cent)
        }
        (None, Some(amount), Some(currency)) => (Kind::Fixed, amount_in(amount, currency)?),
        _ => return Err(unreadable("a coupon without a discount").into()),
    };
    let minimum = currency.map(|currency| amount_in(&row.min_order_amount, currency));
    Ok(CouponTerms {
        code: row.code.clone(),
        kind,
        amount,
        currency,
        minimum: minimum.transpose()?.filter(|minimum| minimum.minor() > 0),
        starts_at: row.starts_at,
        expires_at: row.expires_at,
        usage_limit: row.usage_limit,
        per_user_limit: row.per_user_limit,
        is_active: row.is_active,
    })
}

/// A code in upper case, so that no two differ by case alone.
fn code_of(text: &str) -> Result<String, Error> {
    let code = text.trim().to_ascii_uppercase();
    if is_code(&code) {
        return Ok(code);
    }
    Err(Error::invalid("code", CODE_FORM))
}

/// What a code in a list begins with, in upper case.
pub(crate) fn beginning_of_code(text: &str) -> Result<String, Error> {
    let begin = text.trim().to_ascii_uppercase();
    if is_code(&begin) {
        return Ok(begin);
    }
    Err(Error::invalid("search", CODE_FORM))
}

fn is_code(text: &str) -> bool {
    let is_known = |letter: u8| {
        letter.is_ascii_uppercase() || letter.is_ascii_digit() || b"_-".contains(&letter)
    };
    (1..=CODE_LENGTH_MAX).contains(&text.len()) && text.bytes().all(is_known)
}

/// A moment as precise as it can be stored, in a year that people write.
fn moment(field: &str, at: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>, Error> {
    match at {
        Some(at) if !(1..=9_999).contains(&at.year()) => {
            Err(Error::invalid(field, "must be in a year of four digits"))
        }
        _ => Ok(at.map(|at| at.trunc_subsecs(6))),
    }
}
