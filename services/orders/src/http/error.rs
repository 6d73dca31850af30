//! Use cases' refusals on the wire: the only file that names codes and statuses.

use common::{ApiError, ErrorCode};
use money::Money;

use crate::app::Error;
use crate::domain::coupon::CouponError;

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::NotFound(what) => Self::not_found(what),
            Error::Invalid(field, why) => Self::invalid(field, why),
            Error::Refused(_) | Error::Held(_) => Self::new(ErrorCode::InvalidState, text),
            Error::Version { .. } => Self::new(ErrorCode::VersionConflict, text),
            Error::Conflict(_) => Self::new(ErrorCode::Conflict, text),
            Error::Coupon(refused) => coupon(&refused),
            Error::Insufficient(details) => {
                let refused = Self::new(ErrorCode::InsufficientStock, text);
                details.into_iter().fold(refused, |refused, detail| {
                    refused.with_detail(detail.field, detail.message)
                })
            }
            Error::Limit { seconds } => {
                Self::new(ErrorCode::ReservationLimit, text).with_retry_after(seconds)
            }
            Error::PriceChanged(total) => Self::new(ErrorCode::PriceChanged, text)
                .with_detail("expectedTotal", format!("the total is {}", plain(total))),
            Error::TooSmall(_) => Self::new(ErrorCode::AmountTooSmall, text),
            Error::TooLarge(_) => Self::new(ErrorCode::AmountTooLarge, text),
            Error::ClaimLost => {
                Self::new(ErrorCode::IdempotencyInProgress, text).with_retry_after(1)
            }
            Error::Db(error) => error.into(),
            Error::Sibling(error) => error.into(),
            Error::Bug(cause) => Self::internal(cause),
        }
    }
}

/// The number alone, for programs that read it out of a detail.
fn plain(total: Money) -> String {
    total.amount().to_string()
}

fn coupon(refused: &CouponError) -> ApiError {
    let code = match refused {
        CouponError::Expired => ErrorCode::CouponExpired,
        CouponError::Exhausted | CouponError::UsedByBuyer => ErrorCode::CouponExhausted,
        CouponError::Unknown
        | CouponError::NotYet
        | CouponError::Currency
        | CouponError::Minimum(_) => ErrorCode::CouponInvalid,
    };
    ApiError::new(code, refused.to_string()).with_detail("couponCode", refused.to_string())
}
