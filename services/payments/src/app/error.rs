//! What a use case answers when it does not do what was asked.

use common::client::CallError;
use common::crypto::CryptoError;
use common::database::{DbError, IsConflict};
use diesel::result::Error as DieselError;
use messaging::ConsumeError;
use messaging::idempotency::{GivesKeyBack, SettleError};
use messaging::leases::FenceError;

use crate::clients::gateway::GatewayError;

/// Why a use case refused or failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Not there, or not the caller's.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// One field breaks a rule that only the use case can check.
    #[error("{field}: {message}")]
    Invalid {
        /// The field, as the client wrote it.
        field: &'static str,
        /// Which rule, in words.
        message: String,
    },
    /// The state does not allow it.
    #[error("{0}")]
    InvalidState(&'static str),
    /// The money does not allow it, or the provider does not.
    #[error("{0}")]
    NotPossible(String),
    /// Somebody else is at the same thing; it will be done in a moment.
    #[error("{0}")]
    Busy(&'static str),
    /// The provider gave no usable answer. Whatever it did is found out by asking again.
    #[error(transparent)]
    Gateway(GatewayError),
    /// Orders gave no usable answer.
    #[error(transparent)]
    Sibling(#[from] CallError),
    /// The database did not do it.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A key or a ciphertext is wrong.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The answer could not be stored under the request's `Idempotency-Key`.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// This process no longer leads, or does not know whether it does.
    #[error(transparent)]
    Fence(#[from] FenceError),
    /// Something that cannot happen did.
    #[error("{0}")]
    Bug(String),
}

impl GivesKeyBack for Error {
    fn gives_key_back(&self) -> bool {
        match self {
            Self::NotFound(_)
            | Self::Invalid { .. }
            | Self::InvalidState(_)
            | Self::NotPossible(_)
            | Self::Busy(_)
            | Self::Gateway(_)
            | Self::Sibling(_) => true,
            Self::Db(_) | Self::Crypto(_) | Self::Settle(_) | Self::Fence(_) | Self::Bug(_) => {
                false
            }
        }
    }
}

impl From<GatewayError> for Error {
    fn from(error: GatewayError) -> Self {
        Self::Gateway(error)
    }
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        Self::Db(error.into())
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
            Error::Gateway(error) => Self::Unavailable(error.to_string()),
            other => Self::Transient(other.to_string()),
        }
    }
}
