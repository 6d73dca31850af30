//! What a use case answers when it does not do what was asked.

use common::client::CallError;
use common::crypto::CryptoError;
use common::database::{DbError, IsConflict};
use diesel::result::Error as DieselError;
use messaging::idempotency::{GivesKeyBack, SettleError};

use crate::hashing::HashingError;

/// Why a use case refused or failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The address or the password is wrong, or the account is locked; callers must not learn which.
    #[error("the e-mail address or the password is wrong")]
    Credentials,
    /// The password was right; a second factor is needed as well.
    #[error("a second factor is required")]
    SecondFactorRequired,
    /// The code or recovery code is wrong or was used before.
    #[error("the second factor is not valid")]
    SecondFactor,
    /// The refresh token is unknown, expired, revoked or was used twice.
    #[error("the refresh token is not valid")]
    RefreshToken,
    /// Another account has the address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// One field breaks a rule that only the use case can check.
    #[error("{field}: {message}")]
    Invalid {
        /// The field, as the client wrote it.
        field: &'static str,
        /// Which rule, in words.
        message: &'static str,
    },
    /// Several fields, each with the rule it breaks.
    #[error("{} field(s) are not valid", .0.len())]
    InvalidFields(Vec<(&'static str, String)>),
    /// Not there, or not the caller's.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The state does not allow it.
    #[error("{0}")]
    InvalidState(&'static str),
    /// Too often for this account.
    #[error("too many attempts")]
    TooMany {
        /// When to try again, in seconds.
        retry_after_secs: u64,
    },
    /// The password pool is full.
    #[error("too many passwords are being checked")]
    Busy,
    /// No key to sign with is loaded yet.
    #[error("tokens cannot be issued at the moment")]
    NoSigningKey,
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

impl GivesKeyBack for Error {
    fn gives_key_back(&self) -> bool {
        matches!(
            self,
            Self::Invalid { .. }
                | Self::InvalidFields(_)
                | Self::InvalidState(_)
                | Self::NotFound(_)
        )
    }
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        Self::Db(error.into())
    }
}

impl From<HashingError> for Error {
    fn from(error: HashingError) -> Self {
        match error {
            HashingError::Busy => Self::Busy,
            HashingError::Failed(cause) => Self::Bug(cause),
        }
    }
}

impl IsConflict for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_conflict())
    }
}
