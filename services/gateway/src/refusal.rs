//! An answer the gateway gives in a service's place.

use actix_web::HttpResponse;
use actix_web::ResponseError as _;
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{ConnectionType, StatusCode};
use common::{ApiError, ErrorCode};

use crate::path::TargetProblem;
use crate::upload::UploadState;

/// Why a request ends at the gateway.
#[derive(Debug)]
pub struct Refusal {
    error: Box<ApiError>,
    /// Where the status says more than the error's code does.
    status: Option<StatusCode>,
    /// Whether what follows on the connection can no longer be trusted.
    closes: bool,
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self {
            error: Box::new(error),
            status: None,
            closes: false,
        }
    }
}

impl From<TargetProblem> for Refusal {
    fn from(problem: TargetProblem) -> Self {
        let refusal = Self::from(ApiError::invalid("path", problem.message()));
        match problem {
            TargetProblem::TooLong => refusal.with_status(StatusCode::URI_TOO_LONG),
            _ => refusal,
        }
    }
}

impl Refusal {
    /// A message whose framing the gateway does not accept: the connection ends with it.
    pub fn malformed(header: &'static str, message: &'static str) -> Self {
        Self {
            closes: true,
            ..Self::from(ApiError::invalid(header, message))
        }
    }

    /// 405 with the methods that would be answered.
    #[must_use]
    pub fn method(allowed: &'static str) -> Self {
        let error = ApiError::new(
            ErrorCode::MethodNotAllowed,
            "this method is not served here",
        );
        error
            .with_header(header::ALLOW, HeaderValue::from_static(allowed))
            .into()
    }

    /// 413: the rest of the body is not read, so the connection ends with it.
    #[must_use]
    pub fn too_large() -> Self {
        let error = ApiError::new(ErrorCode::PayloadTooLarge, "the request body is too large");
        Self {
            closes: true,
            ..Self::from(error)
        }
    }

    /// 503: the service is down, slow or full.
    #[must_use]
    pub fn unavailable(message: &'static str, retry_after_secs: u64) -> Self {
        ApiError::unavailable(message)
            .with_retry_after(retry_after_secs)
            .into()
    }

    /// What an upload that was not taken is answered with.
    #[must_use]
    pub fn of_upload(state: UploadState) -> Self {
        match state {
            UploadState::TooLarge => Self::too_large(),
            UploadState::TooSlow => Self::malformed("body", "arrived too slowly")
                .with_status(StatusCode::REQUEST_TIMEOUT),
            UploadState::Running | UploadState::Complete | UploadState::Broken => {
                Self::malformed("body", "is incomplete or malformed")
            }
        }
    }

    /// Answers with this status instead of the one that belongs to the error's code.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }

    /// The answer.
    #[must_use]
    pub fn into_response(self) -> HttpResponse {
        let mut response = self.error.error_response();
        if let Some(status) = self.status {
            *response.status_mut() = status;
        }
        if self.closes {
            response
                .head_mut()
                .set_connection_type(ConnectionType::Close);
        }
        response
    }
}
