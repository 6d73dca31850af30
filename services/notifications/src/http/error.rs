//! Use cases' refusals on the wire: the only file that names codes and statuses.

use common::{ApiError, ErrorCode};

use crate::app::Error;

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::NotFound(what) => Self::not_found(what),
            Error::InvalidState(_) => Self::new(ErrorCode::InvalidState, text),
            Error::Busy(cause) => {
                tracing::warn!(cause, "a request was not served");
                Self::unavailable("the service is temporarily unavailable")
            }
            Error::Db(error) => error.into(),
            Error::Sibling(error) => error.into(),
            Error::Settle(error) => error.into(),
            Error::Crypto(error) => Self::internal(error),
            Error::Bug(cause) => Self::internal(cause),
        }
    }
}
