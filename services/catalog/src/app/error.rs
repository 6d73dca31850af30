//! What a use case answers when it does not do what was asked.

use common::database::DbError;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use messaging::ConsumeError;
use messaging::idempotency::{GivesKeyBack, SettleError};

/// Why a use case refused or failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Not there.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// One field breaks a rule that only the use case can check.
    #[error("{field}: {message}")]
    Invalid {
        /// The field, as the client wrote it.
        field: String,
        /// Which rule, in words.
        message: String,
    },
    /// Something else has this name.
    #[error("{0}: is taken")]
    Taken(&'static str),
    /// Somebody else changed it meanwhile.
    #[error("it was changed meanwhile; it has version {current}")]
    VersionConflict {
        /// The version it has.
        current: i64,
    },
    /// The state does not allow it.
    #[error("{0}")]
    InvalidState(&'static str),
    /// The database did not do it.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The answer could not be stored under the request's `Idempotency-Key`.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// Something that cannot happen did.
    #[error("{0}")]
    Bug(String),
}

impl Error {
    /// Whether a rule refused, so that nothing was done; anything else leaves that open.
    pub(crate) fn is_refusal(&self) -> bool {
        !matches!(self, Self::Db(_) | Self::Settle(_) | Self::Bug(_))
    }

    pub(crate) fn invalid(field: impl Into<String>, message: &(impl ToString + ?Sized)) -> Self {
        Self::Invalid {
            field: field.into(),
            message: message.to_string(),
        }
    }
}

impl GivesKeyBack for Error {
    fn gives_key_back(&self) -> bool {
        self.is_refusal()
    }
}

impl From<DieselError> for Error {
    /// Names that are taken are known by the index that says so.
    fn from(error: DieselError) -> Self {
        if let DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, details) = &error {
            let field = match details.constraint_name() {
                Some("products_sku_unique") => Some("sku"),
                Some("products_slug_unique" | "categories_slug_unique") => Some("slug"),
                Some("variants_sku_unique") => Some("variants.sku"),
                _ => None,
            };
            if let Some(field) = field {
                return Self::Taken(field);
            }
        }
        Self::Db(error.into())
    }
}

impl From<Error> for ConsumeError {
    fn from(error: Error) -> Self {
        match error {
            Error::Db(error) => error.into(),
            other => Self::Transient(other.to_string()),
        }
    }
}
