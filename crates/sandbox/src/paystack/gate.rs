//! Who may come in: a program with the account's key, not too often.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;

use super::account::Account;
use super::error::Refusal;
use crate::rate_limit::Standing;

/// A request at the gate.
#[derive(Debug)]
pub struct Passage {
    /// Where the account stands, if the request was counted.
    pub standing: Option<Standing>,
    /// Whether it may come in.
    pub verdict: Result<(), Refusal>,
}

/// Judges a request.
#[must_use]
pub fn pass(account: &Account, request: &HttpRequest) -> Passage {
    if let Err(refusal) = authenticate(account, request) {
        return Passage {
            standing: None,
            verdict: Err(refusal),
        };
    }
    let standing = account.hit();
    let is_exceeded = standing.is_some_and(|standing| standing.is_exceeded);
    Passage {
        standing,
        verdict: if is_exceeded {
            Err(Refusal::too_many())
        } else {
            Ok(())
        },
    }
}

fn authenticate(account: &Account, request: &HttpRequest) -> Result<(), Refusal> {
    let header = request.headers().get(AUTHORIZATION);
    let header = header.filter(|value| !value.is_empty());
    let text = header.ok_or_else(Refusal::no_key)?.to_str().ok();
    let key = text.and_then(|text| {
        let (scheme, key) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    let is_ours = key.is_some_and(|key| account.settings.secret_key.is(key));
    is_ours.then_some(()).ok_or_else(Refusal::wrong_key)
}
