//! Use cases' refusals on the wire: the only file that names codes and statuses.

use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
use common::error::Detail;
use common::{ApiError, ErrorCode};

use crate::app::Error;

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Credentials => Self::unauthenticated(text)
                .with_user_message("The e-mail address or the password is not right"),
            Error::SecondFactorRequired => Self::new(ErrorCode::TwoFactorRequired, text)
                .with_detail("totp", "is required")
                .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Error::SecondFactor => Self::unauthenticated(text)
                .with_detail("totp", "is not valid")
                .with_user_message("The code is not right"),
            Error::RefreshToken => Self::unauthenticated(text),
            Error::EmailTaken => Self::new(ErrorCode::Conflict, text)
                .with_detail("email", "is taken")
                .with_user_message("There is already an account with this e-mail address"),
            Error::Invalid { field, message } => Self::invalid(field, message),
            Error::InvalidFields(fields) => Self::validation(
                fields
                    .into_iter()
                    .map(|(field, message)| Detail {
                        field: field.to_owned(),
                        message,
                    })
                    .collect(),
            ),
            Error::NotFound(what) => Self::not_found(what),
            Error::InvalidState(_) => Self::new(ErrorCode::InvalidState, text),
            Error::TooMany { retry_after_secs } => {
                Self::new(ErrorCode::RateLimitExceeded, text).with_retry_after(retry_after_secs)
            }
            Error::Busy | Error::NoSigningKey => Self::unavailable(text),
            Error::Db(error) => error.into(),
            Error::Sibling(error) => error.into(),
            Error::Settle(error) => error.into(),
            Error::Crypto(error) => Self::internal(error),
            Error::Bug(cause) => Self::internal(cause),
        }
    }
}
