//! What a use case answers when it does not do what was asked.

use common::client::CallError;
use common::crypto::CryptoError;
use common::database::{DbError, IsConflict};
use common::error::Detail;
use diesel::result::Error as DieselError;
use messaging::ConsumeError;
use messaging::idempotency::{GivesKeyBack, SettleError};
use money::{Money, MoneyError};

use crate::domain::coupon::CouponError;
use crate::domain::dispute::Hold;
use crate::domain::status::Refused;

/// Why a use case refused or failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Not there, or not yours.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// A field of the request cannot be so.
    #[error("{0}: {1}")]
    Invalid(String, String),
    /// The order's status does not allow it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A dispute keeps its goods in the house.
    #[error(transparent)]
    Held(#[from] Hold),
    /// Somebody changed it in between.
    #[error("it has version {current} by now")]
    Version {
        /// The version it has.
        current: i64,
    },
    /// Something else has that name.
    #[error("{0}")]
    Conflict(&'static str),
    /// The coupon cannot be used.
    #[error(transparent)]
    Coupon(#[from] CouponError),
    /// Too few are there; a detail for each item.
    #[error("some items are not available in that quantity")]
    Insufficient(Vec<Detail>),
    /// The buyer's other orders hold as much as one may.
    #[error("your unpaid orders hold as much as one buyer may reserve")]
    Limit {
        /// Until there may be room.
        seconds: u64,
    },
    /// The order does not cost what the buyer expects.
    #[error("the order comes to {0}")]
    PriceChanged(Money),
    /// Less than can be paid.
    #[error("an order must come to at least {0}")]
    TooSmall(Money),
    /// More than may be paid at once.
    #[error("an order may come to at most {0}")]
    TooLarge(Money),
    /// Somebody else answers the request by now.
    #[error("another request with this Idempotency-Key has taken over")]
    ClaimLost,
    /// The database did not do it.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Another service did not do it.
    #[error(transparent)]
    Sibling(#[from] CallError),
    /// Something that cannot happen did.
    #[error("{0}")]
    Bug(String),
}

impl Error {
    /// A field of the request cannot be so.
    pub(crate) fn invalid(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Invalid(field.into(), why.into())
    }
}

impl GivesKeyBack for Error {
    fn gives_key_back(&self) -> bool {
        match self {
            Self::NotFound(_)
            | Self::Invalid(..)
            | Self::Refused(_)
            | Self::Held(_)
            | Self::Version { .. }
            | Self::Conflict(_)
            | Self::Coupon(_)
            | Self::Insufficient(_)
            | Self::Limit { .. }
            | Self::PriceChanged(_)
            | Self::TooSmall(_)
            | Self::TooLarge(_) => true,
            // A sibling's refusals that mean something to the buyer have names of their own.
            Self::ClaimLost | Self::Db(_) | Self::Sibling(_) | Self::Bug(_) => false,
        }
    }
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        Self::Db(error.into())
    }
}

impl From<MoneyError> for Error {
    fn from(error: MoneyError) -> Self {
        match error {
            // Prices are bounded, so only a quantity can do it.
            MoneyError::Overflow => Self::invalid("items", "come to more than can be paid"),
            other => Self::Bug(other.to_string()),
        }
    }
}

impl From<CryptoError> for Error {
    fn from(error: CryptoError) -> Self {
        Self::Bug(error.to_string())
    }
}

impl From<SettleError> for Error {
    fn from(error: SettleError) -> Self {
        match error {
            SettleError::Lost => Self::ClaimLost,
            SettleError::Store(error) => error.into(),
            SettleError::NotSuccess(_) | SettleError::Unwritable(_) => Self::Bug(error.to_string()),
        }
    }
}

impl IsConflict for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_conflict())
    }
}

impl From<Error> for ConsumeError {
    fn from(error: Error) -> Self {
        match error {
            Error::Db(error) => error.into(),
            Error::Sibling(error) => error.into(),
            other => Self::Transient(other.to_string()),
        }
    }
}
