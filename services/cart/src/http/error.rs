//! Use cases' refusals on the wire: the only file that names codes and statuses.

use common::{ApiError, ErrorCode};

use crate::app::Error;
use crate::domain::cart::Refusal;

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(what) => Self::not_found(what),
            Error::Invalid(field, message) => Self::invalid(field, message),
            Error::Refused(refusal) => refused(&refusal),
            Error::NoCart => Self::not_found("cart"),
            Error::Busy(cause) => {
                tracing::warn!(cause, "a request was not served");
                Self::unavailable("the service is temporarily unavailable")
            }
            Error::Catalogue(cause) => {
                tracing::warn!(cause, "the catalogue is not available");
                Self::unavailable("the catalogue is temporarily unavailable")
            }
            Error::Db(error) => error.into(),
            Error::Settle(error) => error.into(),
            Error::Crypto(error) => Self::internal(error),
            Error::Fence(error) => Self::internal(error),
            Error::Bug(cause) => Self::internal(cause),
        }
    }
}

fn refused(refusal: &Refusal) -> ApiError {
    let text = refusal.to_string();
    match refusal {
        Refusal::LineFull { .. } => ApiError::invalid("quantity", text),
        Refusal::CartFull(_) => ApiError::invalid("productId", text),
        Refusal::OtherCurrency(..) => ApiError::new(ErrorCode::Conflict, text)
            .with_user_message("Items in different currencies cannot share a cart"),
        Refusal::Insufficient(_) => {
            ApiError::new(ErrorCode::InsufficientStock, text.clone()).with_detail("quantity", text)
        }
        Refusal::NoSuchLine => ApiError::not_found("item"),
    }
}
