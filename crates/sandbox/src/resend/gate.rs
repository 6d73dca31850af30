//! Who may come in: a program that says its name, with a key, not too often.

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};

use super::Account;
use super::error::{NO_USER_AGENT, Refusal};
use crate::config::ResendSettings;
use crate::rate_limit::Standing;

/// What any key begins with.
const KEY_PREFIX: &str = "re_";
/// What a key begins with that may only send, where no keys are set.
const SENDING_PREFIX: &str = "re_sending_";

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    Full,
    /// Send.
    Sending,
}

/// A request at the gate.
#[derive(Debug)]
pub struct Passage {
    /// Where the account stands, if the request was counted.
    pub standing: Option<Standing>,
    /// Whether it may come in.
    pub verdict: Result<(), Refusal>,
}

/// Judges a request that needs this access.
#[must_use]
pub fn pass(account: &Account, request: &HttpRequest, needed: Access) -> Passage {
    let verdict = known(request).and_then(|()| authenticate(&account.settings, request));
    let access = match verdict {
        Ok(access) => access,
        Err(refusal) => {
            return Passage {
                standing: None,
                verdict: Err(refusal),
            };
        }
    };
    let standing = account.hit();
    let verdict = if standing.is_exceeded {
        Err(Refusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limit_exceeded",
            format!(
                "Too many requests. You can only make {} requests per second.",
                standing.limit
            ),
        ))
    } else if needed == Access::Full && access == Access::Sending {
        Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "restricted_api_key",
            "This API key is restricted to only send emails.",
        ))
    } else {
        Ok(())
    };
    Passage {
        standing: Some(standing),
        verdict,
    }
}

/// The vendor's content network turns away programs that do not say who they are.
fn known(request: &HttpRequest) -> Result<(), Refusal> {
    let name = request.headers().get(header::USER_AGENT);
    if name.is_none_or(header::HeaderValue::is_empty) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            NO_USER_AGENT,
            "error code: 1010",
        ));
    }
    Ok(())
}

fn authenticate(settings: &ResendSettings, request: &HttpRequest) -> Result<Access, Refusal> {
    let header = request.headers().get(header::AUTHORIZATION);
    let Some(header) = header.filter(|value| !value.is_empty()) else {
        return Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "missing_api_key",
            "Missing API Key",
        ));
    };
    let key = header.to_str().ok().and_then(|text| {
        let (scheme, key) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    key.and_then(|key| access_of(settings, key)).ok_or_else(|| {
        Refusal::new(
            StatusCode::FORBIDDEN,
            "invalid_api_key",
            "API key is invalid",
        )
    })
}

fn access_of(settings: &ResendSettings, key: &str) -> Option<Access> {
    let is = |known: &Option<String>| known.as_deref() == Some(key);
    if settings.api_key.is_none() && settings.sending_api_key.is_none() {
        let may_do = if key.starts_with(SENDING_PREFIX) {
            Access::Sending
        } else {
            Access::Full
        };
        let is_key = key.starts_with(KEY_PREFIX) && key.len() > KEY_PREFIX.len();
        return is_key.then_some(may_do);
    }
    if is(&settings.api_key) {
        return Some(Access::Full);
    }
    is(&settings.sending_api_key).then_some(Access::Sending)
}
