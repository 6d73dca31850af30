//! The limit per account, beside the gateway's limit per address: guessing one account's secrets from many addresses
//! is slowed down as well.

use std::time::Duration;

use common::crypto::sha256;

use super::Error;
use crate::domain::email::Email;
use crate::domain::ids::UserId;
use crate::startup::AppState;

const WINDOW: Duration = Duration::from_secs(60);

/// Counts an attempt on the account with this address, whether or not there is one.
///
/// # Errors
/// [`Error::TooMany`] when it is over the limit.
pub(crate) async fn count(state: &AppState, email: &Email) -> Result<(), Error> {
    hit(state, "account", &account_hash(email)).await
}

/// Counts an attempt by a browser that the account knows. It has a bucket of its own, so that strangers who use up the
/// account's cannot keep its owner out.
///
/// # Errors
/// [`Error::TooMany`] when it is over the limit.
pub(crate) async fn count_device(state: &AppState, device_hash: &[u8]) -> Result<(), Error> {
    hit(state, "device", device_hash).await
}

/// Counts an attempt by a signed-in person.
///
/// # Errors
/// [`Error::TooMany`] when it is over the limit.
pub(crate) async fn count_user(state: &AppState, user: UserId) -> Result<(), Error> {
    hit(state, "user", user.0.as_bytes()).await
}

async fn hit(state: &AppState, kind: &str, hash: &[u8]) -> Result<(), Error> {
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let key = format!("auth:limit:{kind}:{digits}");
    let decision = state
        .limiter
        .hit(key, state.settings.account_limit, WINDOW)
        .await;
    if decision.allowed {
        return Ok(());
    }
    Err(Error::TooMany {
        retry_after_secs: decision.retry_after_secs(),
    })
}

/// SHA-256 of an address: what stands for it where only equality matters.
pub(crate) fn account_hash(email: &Email) -> Vec<u8> {
    sha256(email.as_str().as_bytes()).to_vec()
}
