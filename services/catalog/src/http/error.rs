//! Use cases' refusals on the wire: the only file that names codes and statuses.

use common::{ApiError, ErrorCode};

use crate::app::Error;

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::NotFound(what) => Self::not_found(what),
            Error::Invalid { field, message } => Self::invalid(field, message),
            Error::Taken(field) => {
                Self::new(ErrorCode::Conflict, text).with_detail(field, "is taken")
            }
            Error::VersionConflict { .. } => {
                Self::new(ErrorCode::VersionConflict, text.clone()).with_detail("version", text)
            }
            Error::InvalidState(_) => Self::new(ErrorCode::InvalidState, text),
            Error::Db(error) => error.into(),
            Error::Settle(error) => error.into(),
            Error::Bug(cause) => Self::internal(cause),
        }
    }
}
