//! What a coupon takes off, and when it may be used.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use money::{Money, MoneyError};

use super::ids::CouponId;

/// What is taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Discount {
    /// So much, and no more than the goods cost.
    Fixed(Money),
    /// Hundredths of a per cent of the goods.
    BasisPoints(u32),
}

impl Discount {
    /// What it takes off goods of this price.
    ///
    /// # Errors
    /// When the currencies differ, or overflow.
    pub(crate) fn off(self, goods: Money) -> Result<Money, MoneyError> {
        let off = match self {
            Self::Fixed(amount) => amount,
            Self::BasisPoints(points) => goods.basis_points_rounded(points)?,
        };
        Ok(match off.compare(goods)? {
            Ordering::Greater => goods,
            Ordering::Equal | Ordering::Less => off,
        })
    }
}

/// A coupon as it stands now.
#[derive(Debug, Clone)]
pub(crate) struct Coupon {
    pub(crate) id: CouponId,
    pub(crate) code: String,
    pub(crate) discount: Discount,
    /// The least that the goods must cost; none if anything goes.
    pub(crate) minimum: Option<Money>,
    pub(crate) is_active: bool,
    pub(crate) starts_at: Option<DateTime<Utc>>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) usage_limit: Option<i64>,
    pub(crate) per_user_limit: Option<i64>,
    /// By orders that count.
    pub(crate) used: i64,
    /// By this buyer's orders that count.
    pub(crate) used_by_buyer: i64,
}

/// Why a coupon cannot be used for an order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CouponError {
    /// There is none, or it is switched off.
    #[error("there is no such coupon")]
    Unknown,
    /// It is not valid yet.
    #[error("the coupon is not valid yet")]
    NotYet,
    /// It was valid before.
    #[error("the coupon has expired")]
    Expired,
    /// It was used as often as it may be.
    #[error("the coupon has been used up")]
    Exhausted,
    /// This buyer used it as often as one may.
    #[error("you have used this coupon as often as one may")]
    UsedByBuyer,
    /// It is for another currency.
    #[error("the coupon is for orders in another currency")]
    Currency,
    /// The goods cost too little.
    #[error("the coupon is for orders of at least {0}")]
    Minimum(Money),
}

impl Coupon {
    /// Whether goods of this price may be discounted now.
    ///
    /// # Errors
    /// [`CouponError`].
    pub(crate) fn check(&self, goods: Money, now: DateTime<Utc>) -> Result<(), CouponError> {
        if !self.is_active {
            return Err(CouponError::Unknown);
        }
        if self.starts_at.is_some_and(|from| now < from) {
            return Err(CouponError::NotYet);
        }
        if self.expires_at.is_some_and(|until| until <= now) {
            return Err(CouponError::Expired);
        }
        if self.usage_limit.is_some_and(|limit| self.used >= limit) {
            return Err(CouponError::Exhausted);
        }
        if self
            .per_user_limit
            .is_some_and(|limit| self.used_by_buyer >= limit)
        {
            return Err(CouponError::UsedByBuyer);
        }
        if let Discount::Fixed(amount) = self.discount
            && amount.currency() != goods.currency()
        {
            return Err(CouponError::Currency);
        }
        match self
            .minimum
            .map(|minimum| (minimum, goods.compare(minimum)))
        {
            None | Some((_, Ok(Ordering::Equal | Ordering::Greater))) => Ok(()),
            Some((minimum, Ok(Ordering::Less))) => Err(CouponError::Minimum(minimum)),
            Some((_, Err(_mixed))) => Err(CouponError::Currency),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use money::Currency;
    use uuid::Uuid;

    use super::*;

    fn naira(minor: i64) -> Money {
        Money::from_minor(minor, Currency::Ngn)
    }

    fn coupon() -> Coupon {
        Coupon {
            id: CouponId(Uuid::from_u128(1)),
            code: "WELCOME".to_owned(),
            discount: Discount::BasisPoints(1_000),
            minimum: None,
            is_active: true,
            starts_at: None,
            expires_at: None,
            usage_limit: None,
            per_user_limit: None,
            used: 7,
            used_by_buyer: 1,
        }
    }

    #[test]
    fn a_discount_is_never_more_than_the_goods() {
        assert_eq!(Discount::Fixed(naira(500)).off(naira(400)), Ok(naira(400)));
        assert_eq!(Discount::Fixed(naira(500)).off(naira(600)), Ok(naira(500)));
        assert_eq!(
            Discount::BasisPoints(1_000).off(naira(1_005)),
            Ok(naira(101))
        );
        assert_eq!(
            Discount::BasisPoints(10_000).off(naira(999)),
            Ok(naira(999))
        );
        let cedi = Money::from_minor(1, Currency::Ghs);
        assert!(Discount::Fixed(naira(500)).off(cedi).is_err());
    }

    #[test]
    fn each_rule_refuses_with_its_own_reason() {
        let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(1);
        let later = Some(now + TimeDelta::seconds(1));
        type Spoil = fn(&mut Coupon, DateTime<Utc>);
        let cases: [(Spoil, CouponError); 8] = [
            (|c, _| c.is_active = false, CouponError::Unknown),
            (
                |c, now| c.starts_at = Some(now + TimeDelta::seconds(1)),
                CouponError::NotYet,
            ),
            (|c, now| c.expires_at = Some(now), CouponError::Expired),
            (|c, _| c.usage_limit = Some(7), CouponError::Exhausted),
            (|c, _| c.per_user_limit = Some(1), CouponError::UsedByBuyer),
            (
                |c, _| c.discount = Discount::Fixed(Money::from_minor(1, Currency::Ghs)),
                CouponError::Currency,
            ),
            (
                |c, _| c.minimum = Some(naira(101)),
                CouponError::Minimum(naira(101)),
            ),
            (
                |c, _| c.minimum = Some(Money::from_minor(1, Currency::Ghs)),
                CouponError::Currency,
            ),
        ];
        for (spoil, reason) in cases {
            let mut spoilt = coupon();
            spoil(&mut spoilt, now);
            assert_eq!(spoilt.check(naira(100), now), Err(reason));
        }
        let mut fine = coupon();
        (fine.starts_at, fine.expires_at) = (Some(now), later);
        (fine.usage_limit, fine.per_user_limit) = (Some(8), Some(2));
        fine.minimum = Some(naira(100));
        assert_eq!(fine.check(naira(100), now), Ok(()));
    }
}
