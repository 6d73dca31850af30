//! What a use case answers when it does not do what was asked.

use std::sync::Arc;

use common::batcher::Unanswered;
use common::client::CallError;
use common::crypto::CryptoError;
use common::database::{DbError, IsConflict};
use diesel::result::Error as DieselError;
use messaging::ConsumeError;
use messaging::idempotency::{GivesKeyBack, SettleError};
use messaging::leases::FenceError;
use money::MoneyError;

use crate::domain::cart::Refusal;

/// Why a use case refused or failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Not there.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// A field says what cannot be.
    #[error("{0}: {1}")]
    Invalid(&'static str, &'static str),
    /// A rule of the cart is against it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The owner has no cart, and none was to be made.
    #[error("there is no cart")]
    NoCart,
    /// Too much waits already, or it was not done in time.
    #[error("{0}")]
    Busy(&'static str),
    /// The database did not do it.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The catalogue did not answer.
    #[error("the catalogue is not available: {0}")]
    Catalogue(String),
    /// There is no randomness.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The answer could not be stored under the request's `Idempotency-Key`.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// Another process does this job by now.
    #[error(transparent)]
    Fence(#[from] FenceError),
    /// Something that cannot happen did.
    #[error("{0}")]
    Bug(String),
}

impl From<Unanswered> for Error {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Full => Self::Busy("too many requests wait"),
            Unanswered::Late => Self::Busy("it was not done in time"),
            Unanswered::Lost => Self::Bug(unanswered.to_string()),
        }
    }
}

impl Error {
    /// The error of a batch, for one of those who wait for it.
    pub(super) fn shared(error: Arc<Self>) -> Self {
        match Arc::try_unwrap(error) {
            Ok(own) => own,
            Err(shared) => match &*shared {
                Self::Db(DbError::Unavailable(cause) | DbError::Conflict(cause)) => {
                    Self::Db(DbError::Unavailable(cause.clone()))
                }
                Self::Catalogue(cause) => Self::Catalogue(cause.clone()),
                Self::Busy(why) => Self::Busy(why),
                other => Self::Bug(other.to_string()),
            },
        }
    }
}

impl GivesKeyBack for Error {
    fn gives_key_back(&self) -> bool {
        matches!(
            self,
            Self::NotFound(_) | Self::Invalid(..) | Self::Refused(_) | Self::NoCart
        )
    }
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        Self::Db(error.into())
    }
}

impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unavailable { cause, .. } => Self::Catalogue(cause),
            CallError::Refused { .. } => Self::Bug(error.to_string()),
        }
    }
}

impl From<MoneyError> for Error {
    fn from(error: MoneyError) -> Self {
        Self::Bug(format!("a cart has no sum: {error}"))
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
            Error::Catalogue(cause) => Self::Unavailable(cause),
            other => Self::Transient(other.to_string()),
        }
    }
}
