//! Use cases' refusals on the wire: the only file that names codes and statuses.

use common::{ApiError, ErrorCode};

use crate::app::Error;
use crate::clients::gateway::GatewayError;

/// How soon the provider may be asked again, in seconds.
const GATEWAY_RETRY_SECS: u64 = 5;

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::NotFound(what) => Self::not_found(what),
            Error::Invalid { field, message } => Self::invalid(field, message),
            Error::InvalidState(_) => Self::new(ErrorCode::InvalidState, text),
            Error::NotPossible(_) => Self::new(ErrorCode::PaymentError, text),
            Error::Taken(_) => Self::new(ErrorCode::Conflict, text),
            Error::Busy(_) => Self::new(ErrorCode::Conflict, text).with_retry_after(1),
            Error::Gateway(error) => gateway(&error),
            Error::Sibling(error) => error.into(),
            Error::Db(error) => error.into(),
            Error::Settle(error) => error.into(),
            Error::Crypto(error) => Self::internal(error),
            Error::Fence(error) => Self::internal(error),
            Error::Bug(cause) => Self::internal(cause),
        }
    }
}

fn gateway(error: &GatewayError) -> ApiError {
    tracing::warn!(cause = %error, "the payment provider could not serve a request");
    let message = "the payment provider is temporarily unavailable";
    ApiError::new(ErrorCode::ExternalServiceError, message).with_retry_after(GATEWAY_RETRY_SECS)
}
