//! The second factor of a login, and of every change that asks for it again.

use chrono::{DateTime, Utc};
use common::crypto::{Place, Sealer, sha256};
use diesel_async::AsyncPgConnection;
use serde_json::json;

use super::Error;
use super::trail::{Actor, Trail};
use crate::domain::ids::UserId;
use crate::domain::recovery_code::RecoveryCode;
use crate::domain::second_factor as rules;
use crate::domain::totp::TotpSecret;
use crate::store;
use crate::store::second_factor::{SECRET_COLUMN, StoredFactor};
use crate::store::users::UserRow;

/// What somebody presents beside their password.
#[derive(Clone)]
pub(crate) enum Proof {
    /// The code that their authenticator app shows.
    Totp(String),
    /// One of their recovery codes.
    RecoveryCode(String),
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The account has no second factor.
    NotNeeded,
    /// It has one, and the proof is right.
    Passed,
    /// It has one, and nothing was presented.
    Missing,
    /// What was presented is wrong or was used before.
    Refused,
    /// Too many were wrong; nothing was looked at.
    Locked {
        /// When to try again, in seconds.
        retry_after_secs: u64,
    },
}

impl Verdict {
    /// Refuses unless a second factor was proved or none is needed. Call it after the commit: an error inside the
    /// transaction would undo the count of wrong codes.
    pub(crate) fn require(self) -> Result<(), Error> {
        match self {
            Self::NotNeeded | Self::Passed => Ok(()),
            Self::Missing => Err(Error::SecondFactorRequired),
            Self::Refused => Err(Error::SecondFactor),
            Self::Locked { retry_after_secs } => Err(Error::TooMany { retry_after_secs }),
        }
    }
}

/// Checks the second factor of `user` in the caller's transaction, which must be committed whatever the verdict is:
/// a refused proof is counted, an accepted one is used up.
pub(crate) async fn check(
    conn: &mut AsyncPgConnection,
    sealer: &Sealer,
    user: &UserRow,
    proof: Option<&Proof>,
    now: DateTime<Utc>,
) -> Result<Verdict, Error> {
    // Locked and read again: whoever read the account before may have seen an older last step.
    let factor = store::second_factor::lock(conn, user.id()).await?;
    let Some(factor) = factor.filter(|factor| factor.enabled_at.is_some()) else {
        return Ok(Verdict::NotNeeded);
    };
    match proof {
        None => Ok(Verdict::Missing),
        Some(Proof::Totp(code)) => check_code(conn, sealer, user.id(), &factor, code, now).await,
        Some(Proof::RecoveryCode(typed)) => check_recovery_code(conn, user, typed, now).await,
    }
}

/// Judges a code against a factor that `store::second_factor::lock` has read, and remembers the outcome.
pub(crate) async fn check_code(
    conn: &mut AsyncPgConnection,
    sealer: &Sealer,
    user: UserId,
    factor: &StoredFactor,
    code: &str,
    now: DateTime<Utc>,
) -> Result<Verdict, Error> {
    let secret = open_secret(sealer, user, factor)?;
    let (verdict, history) = match factor.history.judge(&secret, code, now) {
        rules::Verdict::Accepted(history) => (Verdict::Passed, history),
        rules::Verdict::Wrong(history) => (Verdict::Refused, history),
        rules::Verdict::Paused => return Ok(locked(factor.history.paused_until, now)),
    };
    store::second_factor::save_history(conn, user, history).await?;
    Ok(verdict)
}

/// A recovery code has 80 random bits, so nobody guesses one, and wrong ones need no counting. It also opens an account
/// whose codes are paused: its owner is not at the mercy of whoever guesses.
async fn check_recovery_code(
    conn: &mut AsyncPgConnection,
    user: &UserRow,
    typed: &str,
    now: DateTime<Utc>,
) -> Result<Verdict, Error> {
    let Some(code) = RecoveryCode::parse(typed) else {
        return Ok(Verdict::Refused);
    };
    let (id, hash) = (user.id(), hash_of(&code));
    if !store::second_factor::burn_recovery_code(conn, id, &hash, now).await? {
        return Ok(Verdict::Refused);
    }
    let left = store::second_factor::count_recovery_codes(conn, id).await?;
    let trail = Trail::new(Actor::User(id, user.role.0), now);
    trail
        .audit(conn, "recovery_code.used", id, json!({ "left": left }))
        .await?;
    Ok(Verdict::Passed)
}

/// The stored form of a recovery code.
pub(crate) fn hash_of(code: &RecoveryCode) -> [u8; 32] {
    sha256(code.as_str().as_bytes())
}

fn open_secret(sealer: &Sealer, user: UserId, factor: &StoredFactor) -> Result<TotpSecret, Error> {
    let sealed = factor.secret_ct.as_deref().unwrap_or_default();
    let bytes = sealer.open(
        Place {
            column: SECRET_COLUMN,
            row: user.0,
        },
        sealed,
    )?;
    TotpSecret::from_stored(&bytes)
        .ok_or_else(|| Error::Bug("a stored one-time secret has the wrong length".to_owned()))
}

fn locked(until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Verdict {
    let left = until.map_or(0, |until| (until - now).num_seconds());
    Verdict::Locked {
        retry_after_secs: u64::try_from(left).unwrap_or(0).max(1),
    }
}
