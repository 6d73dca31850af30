//! Errors as the vendor writes them: `{status: false, message, meta: {nextStep}, type, code}`.
//!
//! The sentences and codes are those that were seen or documented. Where only the sentence is known, the code is
//! `invalid_params`, which the vendor uses for parameters in general.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::json;

/// What a proxy in front of the vendor says.
const PROXY_PAGE: &str = "<html>\r\n<head><title>Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>The server could not complete your request</h1></center>\r\n<hr><center>cloudflare</center>\r\n\
    </body>\r\n</html>\r\n";

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request's.
    Validation,
    /// The account's, or the vendor's own.
    Api,
}

/// A request that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status of the answer.
    pub status: StatusCode,
    /// What people read.
    pub message: Cow<'static, str>,
    /// What programs branch on; some errors have neither type nor code.
    pub code: Option<(Kind, Cow<'static, str>)>,
    next_step: &'static str,
    is_page: bool,
}

impl Refusal {
    /// 400: something is wrong with the request.
    pub fn invalid(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        let next_step = match code {
            "missing_params" => "Provide all required params",
            "invalid_email_address" => "Provide a valid email address",
            "duplicate_reference" => {
                "Try and create the Transaction or Charge with a new reference"
            }
            "transaction_not_found" => {
                "Ensure that you're passing the reference of a transaction that exists on this integration"
            }
            _ => "Ensure that the value(s) you're passing are valid.",
        };
        Self {
            status: StatusCode::BAD_REQUEST,
            message: message.into(),
            code: Some((Kind::Validation, Cow::Borrowed(code))),
            next_step,
            is_page: false,
        }
    }

    /// 400: a parameter is wrong, in a way whose code is not known.
    pub fn params(message: impl Into<Cow<'static, str>>) -> Self {
        Self::invalid("invalid_params", message)
    }

    /// 400: the account does not allow it.
    #[must_use]
    pub fn api(code: &'static str, message: &'static str) -> Self {
        Self {
            code: Some((Kind::Api, Cow::Borrowed(code))),
            ..Self::invalid(code, message)
        }
    }

    /// 404.
    #[must_use]
    pub fn not_found(message: &'static str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            next_step: "Ensure that the resource exists on this integration",
            ..Self::invalid("not_found", message)
        }
    }

    /// 401: there is no key.
    #[must_use]
    pub fn no_key() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            code: None,
            ..Self::invalid("", "No Authorization Header was found")
        }
    }

    /// 401: the key is not the account's.
    #[must_use]
    pub fn wrong_key() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            next_step: "Ensure that you provide the correct authorization key for the request",
            ..Self::invalid("invalid_Key", "Invalid key")
        }
    }

    /// 422: a refund that cannot be tried again.
    #[must_use]
    pub fn not_stuck() -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            ..Self::params("Invalid Refund state, refund status should be \"needs-attention\"")
        }
    }

    /// 429.
    #[must_use]
    pub fn too_many() -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            next_step: "Wait a few minutes and try the API call again",
            ..Self::api("rate_limited", "Rate limit exceeded!")
        }
    }

    /// The refusal that a fault asks for.
    #[must_use]
    pub fn injected(status: u16, code: Option<&str>, html: Option<bool>) -> Self {
        if status == StatusCode::TOO_MANY_REQUESTS.as_u16() && code.is_none() {
            return Self::too_many();
        }
        let is_error_of_ours = status < 500;
        let kind = if is_error_of_ours {
            Kind::Validation
        } else {
            Kind::Api
        };
        let usual = if is_error_of_ours {
            "invalid_params"
        } else {
            "unknown"
        };
        let code = code.map_or(Cow::Borrowed(usual), |code| Cow::Owned(code.to_owned()));
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            message: Cow::Borrowed("An error occurred (asked for by a fault)"),
            code: Some((kind, code)),
            next_step: "Please try again",
            is_page: html.unwrap_or(matches!(status, 502..=504)),
        }
    }

    /// What the journal calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.code.as_ref().map_or(&self.message, |(_, code)| code)
    }

    /// The answer.
    #[must_use]
    pub fn respond(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status);
        if self.is_page {
            return answer.content_type("text/html").body(PROXY_PAGE);
        }
        let Some((kind, code)) = &self.code else {
            return answer.json(json!({"status": false, "message": self.message}));
        };
        let kind = match kind {
            Kind::Validation => "validation_error",
            Kind::Api => "api_error",
        };
        answer.json(json!({
            "status": false,
            "message": self.message,
            "meta": {"nextStep": self.next_step},
            "type": kind,
            "code": code,
        }))
    }
}
