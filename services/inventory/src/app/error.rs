//! What a use case answers when it does not do what was asked.

use common::client::CallError;
use common::database::{DbError, IsConflict};
use diesel::result::Error as DieselError;
use messaging::ConsumeError;
use messaging::leases::FenceError;

use crate::domain::change::ChangeError;
use crate::domain::shelf::Shortage;

/// Why a use case refused or failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Not there.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The state does not allow it.
    #[error("{0}")]
    InvalidState(&'static str),
    /// The order is known with other content.
    #[error("{0}")]
    Conflict(&'static str),
    /// Somebody changed it in between.
    #[error("the item has version {current} by now")]
    Version {
        /// The version it has.
        current: i64,
    },
    /// Too few are there.
    #[error("there is too little stock")]
    Insufficient(Vec<Shortage>),
    /// The buyer holds as much as one may.
    #[error("the buyer's other orders hold as much as one buyer may reserve")]
    Limit {
        /// Until there may be room.
        seconds: i64,
    },
    /// A rule of counting refuses.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// Too many wait already, or waited too long.
    #[error("too many orders wait for a decision")]
    Busy,
    /// The database did not do it.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Another service did not do it.
    #[error(transparent)]
    Sibling(#[from] CallError),
    /// The process no longer leads.
    #[error("the lease was lost")]
    LeaseLost,
    /// Something that cannot happen did.
    #[error("{0}")]
    Bug(String),
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        Self::Db(error.into())
    }
}

impl From<FenceError> for Error {
    fn from(error: FenceError) -> Self {
        match error {
            FenceError::LeaseLost(_) => Self::LeaseLost,
            FenceError::Db(error) => Self::Db(error),
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
