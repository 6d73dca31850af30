//! What a use case answers when it does not do what was asked.

use common::batcher::Unanswered;
use common::client::CallError;
use common::crypto::CryptoError;
use common::database::{DbError, IsConflict};
use diesel::result::Error as DieselError;
use messaging::ConsumeError;
use messaging::idempotency::{GivesKeyBack, SettleError};

/// Why a use case refused or failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Not there.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The state does not allow it.
    #[error("{0}")]
    InvalidState(&'static str),
    /// Too much waits already, or it was not done in time.
    #[error("{0}")]
    Busy(&'static str),
    /// The database did not do it.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A key or a ciphertext is wrong.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// Another service did not do it.
    #[error(transparent)]
    Sibling(#[from] CallError),
    /// The answer could not be stored under the request's `Idempotency-Key`.
    #[error(transparent)]
    Settle(#[from] SettleError),
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

impl GivesKeyBack for Error {
    fn gives_key_back(&self) -> bool {
        matches!(self, Self::InvalidState(_) | Self::NotFound(_))
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
            other => Self::Transient(other.to_string()),
        }
    }
}
