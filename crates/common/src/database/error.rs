//! What can go wrong with the database, and what it means for who asked.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::error::ApiError;

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// It is away, overloaded, or gave up on a lock: the same request may succeed in a moment.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// It refused to serialize this transaction with another: run it again.
    #[error("the transaction lost against another: {0}")]
    Conflict(String),
    /// It answered with an error that is ours.
    #[error(transparent)]
    Query(DieselError),
}

/// Tells whether running the same transaction again may help.
pub trait IsConflict {
    /// Whether PostgreSQL sacrificed the transaction to another (SQLSTATE 40001, 40P01).
    fn is_conflict(&self) -> bool;
}

impl IsConflict for DbError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }
}

/// What PostgreSQL and tokio-postgres say when it is the connection or the server, not the statement, that failed.
const UNAVAILABLE: [&str; 12] = [
    "connection closed",
    "connection reset",
    "connection refused",
    "broken pipe",
    "error communicating with the server",
    "terminating connection",
    "the database system is",
    "lock timeout",
    "statement timeout",
    "too many clients",
    "remaining connection slots",
    "timed out",
];

impl From<DieselError> for DbError {
    fn from(error: DieselError) -> Self {
        let text = error.to_string();
        match &error {
            DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => {
                Self::Conflict(text)
            }
            DieselError::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
                _,
            )
            | DieselError::BrokenTransactionManager => Self::Unavailable(text),
            _ => {
                let lower = text.to_lowercase();
                if lower.contains("deadlock detected") {
                    Self::Conflict(text)
                } else if UNAVAILABLE.iter().any(|sign| lower.contains(sign)) {
                    Self::Unavailable(text)
                } else {
                    Self::Query(error)
                }
            }
        }
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(cause) | DbError::Conflict(cause) => {
                tracing::warn!(cause, "the database could not serve a request");
                Self::unavailable("the service is temporarily unavailable")
            }
            DbError::Query(error) => Self::internal(error),
        }
    }
}

/// The name of the unique constraint that an insert or update ran into.
#[must_use]
pub fn unique_violation(error: &DieselError) -> Option<&str> {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
            info.constraint_name()
        }
        _ => None,
    }
}

/// The name of the foreign key that an insert, update or removal ran into.
#[must_use]
pub fn foreign_key_violation(error: &DieselError) -> Option<&str> {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, info) => {
            info.constraint_name()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database_error(message: &str) -> DieselError {
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned()))
    }

    #[test]
    fn a_lost_server_is_told_apart_from_a_bad_statement() {
        for message in [
            "terminating connection due to administrator command",
            "the database system is shutting down",
            "canceling statement due to lock timeout",
            "canceling statement due to statement timeout",
        ] {
            assert!(matches!(
                DbError::from(database_error(message)),
                DbError::Unavailable(_)
            ));
        }
        assert!(DbError::from(database_error("deadlock detected")).is_conflict());
        let bad = database_error("column \"x\" does not exist");
        assert!(matches!(DbError::from(bad), DbError::Query(_)));
    }
}
