//! Checking a password, with the attempt counted beforehand.

use super::Error;
use crate::domain::lockout::{self, Admission};
use crate::domain::password::Password;
use crate::startup::AppState;
use crate::store::login_attempts::{self, Counter};

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is the password.
    Right,
    /// It is not.
    Wrong,
    /// It is not, and as the last of too many it has locked the account.
    WrongAndLocked,
    /// It was not looked at, for the account is locked; checking took as long as ever.
    Locked,
}

/// Checks `password` against `hash`; without a hash there is no account, which takes as long and answers alike.
///
/// The attempt is counted as failed before the password is looked at and taken back when it was right, so that
/// guesses that come at the same time get no more looks than guesses in a row. No connection is held meanwhile.
pub(crate) async fn check(
    state: &AppState,
    counter: &Counter,
    password: Option<Password>,
    hash: Option<&str>,
) -> Result<Outcome, Error> {
    let failures = {
        let mut conn = state.db.get().await?;
        login_attempts::reserve(&mut conn, counter, state.clock.now()).await?
    };
    let admission = lockout::admission(failures);
    let hash = hash.filter(|_| admission != Admission::Locked);
    match state.hasher.verify(password, hash).await {
        Ok(true) => {
            let mut conn = state.db.get().await?;
            login_attempts::clear(&mut conn, counter).await?;
            Ok(Outcome::Right)
        }
        Ok(false) => Ok(match admission {
            Admission::Checked => Outcome::Wrong,
            Admission::LastChance => Outcome::WrongAndLocked,
            Admission::Locked => Outcome::Locked,
        }),
        Err(error) => {
            let mut conn = state.db.get().await?;
            login_attempts::give_back(&mut conn, counter).await?;
            Err(error.into())
        }
    }
}
