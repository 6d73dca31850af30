//! What a presented refresh token is worth.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// How long a session lasts after its login, however often it is refreshed.
pub(crate) const SESSION_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long after its first use a token may come again from the same browser: two tabs that wake together both send
/// the token they share.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// Who presents a token, as far as that can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// The client's address.
    pub(crate) ip: String,
    /// SHA-256 of its `User-Agent`.
    pub(crate) user_agent_hash: Vec<u8>,
}

/// A token's history at the moment it is presented.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// Its family was revoked.
    pub(crate) is_revoked: bool,
    /// When it and its whole family end.
    pub(crate) expires_at: DateTime<Utc>,
    /// When and by whom it was exchanged.
    pub(crate) first_use: Option<(DateTime<Utc>, Fingerprint)>,
    /// The token it was exchanged for has itself been exchanged.
    pub(crate) is_successor_used: bool,
}

/// What to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Exchange it for a successor.
    Rotate,
    /// Give the successor it was exchanged for once more.
    Repeat,
    /// Somebody holds a copy: revoke the family.
    Reuse,
    /// Expired or revoked; nothing follows.
    Dead,
}

impl Token {
    /// Judges the token presented by `by` at `now`.
    pub(crate) fn judge(&self, by: &Fingerprint, now: DateTime<Utc>) -> Verdict {
        if self.is_revoked || self.expires_at <= now {
            return Verdict::Dead;
        }
        match &self.first_use {
            None => Verdict::Rotate,
            Some((at, first)) if self.is_second_tab(*at, first, by, now) => Verdict::Repeat,
            Some(_) => Verdict::Reuse,
        }
    }

    /// Once the successor is in use, every tab has it: an older token then comes from somewhere else.
    fn is_second_tab(
        &self,
        at: DateTime<Utc>,
        first: &Fingerprint,
        by: &Fingerprint,
        now: DateTime<Utc>,
    ) -> bool {
        now < at + GRACE && first == by && !self.is_successor_used
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::seconds(seconds)
    }

    fn browser(ip: &str) -> Fingerprint {
        Fingerprint {
            ip: ip.into(),
            user_agent_hash: vec![1],
        }
    }

    fn used_at_zero() -> Token {
        Token {
            is_revoked: false,
            expires_at: at(1000),
            first_use: Some((at(0), browser("192.0.2.1"))),
            is_successor_used: false,
        }
    }

    #[test]
    fn an_unused_token_rotates_until_it_expires() {
        let fresh = Token {
            first_use: None,
            ..used_at_zero()
        };
        assert_eq!(
            fresh.judge(&browser("198.51.100.9"), at(999)),
            Verdict::Rotate
        );
        assert_eq!(
            fresh.judge(&browser("198.51.100.9"), at(1000)),
            Verdict::Dead
        );
    }

    #[test]
    fn a_second_tab_gets_the_same_successor_for_ten_seconds() {
        let token = used_at_zero();
        assert_eq!(token.judge(&browser("192.0.2.1"), at(9)), Verdict::Repeat);
        assert_eq!(token.judge(&browser("192.0.2.1"), at(10)), Verdict::Reuse);
    }

    #[test]
    fn another_address_or_browser_is_never_a_second_tab() {
        let token = used_at_zero();
        assert_eq!(token.judge(&browser("192.0.2.2"), at(1)), Verdict::Reuse);
        let other = Fingerprint {
            user_agent_hash: vec![2],
            ..browser("192.0.2.1")
        };
        assert_eq!(token.judge(&other, at(1)), Verdict::Reuse);
    }

    #[test]
    fn a_token_older_than_its_used_successor_is_a_copy() {
        let token = Token {
            is_successor_used: true,
            ..used_at_zero()
        };
        assert_eq!(token.judge(&browser("192.0.2.1"), at(1)), Verdict::Reuse);
    }

    #[test]
    fn a_revoked_family_stays_dead() {
        let token = Token {
            is_revoked: true,
            ..used_at_zero()
        };
        assert_eq!(token.judge(&browser("192.0.2.1"), at(1)), Verdict::Dead);
    }
}
