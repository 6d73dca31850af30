//! Use cases' refusals on the wire: the only file that names codes and statuses.

use common::{ApiError, ErrorCode};

use crate::app::Error;

/// How soon a buyer at a limit may come again, at most: the holds last no longer without being paid.
const LIMIT_RETRY_MAX_SECS: u64 = 3_600;

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::NotFound(what) => Self::not_found(what),
            Error::InvalidState(_) => Self::new(ErrorCode::InvalidState, text),
            Error::Conflict(_) | Error::Change(_) => Self::new(ErrorCode::Conflict, text),
            Error::Version { .. } => Self::new(ErrorCode::VersionConflict, text),
            Error::Insufficient(missing) => {
                let refused = Self::new(ErrorCode::InsufficientStock, text);
                missing.into_iter().fold(refused, |refused, line| {
                    let message = format!("{} wanted, {} available", line.wanted, line.available);
                    refused.with_detail(line.variant.to_string(), message)
                })
            }
            Error::Limit { seconds } => {
                let seconds = u64::try_from(seconds)
                    .unwrap_or(0)
                    .min(LIMIT_RETRY_MAX_SECS);
                Self::new(ErrorCode::ReservationLimit, text).with_retry_after(seconds)
            }
            Error::Busy => Self::unavailable(text),
            Error::Db(error) => error.into(),
            Error::Sibling(error) => error.into(),
            Error::LeaseLost => Self::unavailable(text),
            Error::Bug(cause) => Self::internal(cause),
        }
    }
}
