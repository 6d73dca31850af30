//! What the person set in the environment of the command itself.

use std::env;
use std::str::FromStr;

use anyhow::{Context, Result, bail};

/// The administrator's PostgreSQL URL, used instead of a private server.
pub const POSTGRES_URL: &str = "AGAPE__POSTGRES_URL";
/// The Redis URL, used instead of a private server.
pub const REDIS_URL: &str = "AGAPE__REDIS_URL";
/// The AMQP URL, used instead of a private broker.
pub const AMQP_URL: &str = "AGAPE__AMQP_URL";
/// How long `agape up` waits at most before it starts a service again that keeps ending, in milliseconds; 30 s if absent.
pub const RESTART_PAUSE_MAX_MS: &str = "AGAPE__RESTART_PAUSE_MAX_MS";

/// The value of a variable; an empty one counts as absent.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name)?.into_string().ok()?;
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// The value of a variable, read as `T`.
///
/// # Errors
/// The variable is set to something else.
pub fn parsed<T>(name: &str) -> Result<Option<T>>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let Some(text) = variable(name) else {
        return Ok(None);
    };
    let value = text
        .parse()
        .with_context(|| format!("{name} is not valid"))?;
    Ok(Some(value))
}

/// The value of a variable that a command cannot do without.
///
/// # Errors
/// It is not set.
pub fn required(name: &str) -> Result<String> {
    match variable(name) {
        Some(value) => Ok(value),
        None => bail!("{name} is not set"),
    }
}
