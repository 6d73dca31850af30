//! Whether a webhook comes from the provider: the Svix scheme, which is also "Standard Webhooks".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use ring::hmac;

/// How far the sender's clock may be from ours, in both directions; older messages could be replays.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// A key that signs webhooks.
#[derive(Clone)]
pub(crate) struct WebhookSecret(hmac::Key);

/// The text is not a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be base64, as the provider shows it (`whsec_…`)")]
pub(crate) struct MalformedSecret;

/// What came with a webhook beside its body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignedHead<'a> {
    /// The message's id, the same in every delivery.
    pub(crate) id: &'a str,
    /// Seconds since 1970.
    pub(crate) timestamp: &'a str,
    /// `v1,<base64>`, any number of them with spaces between.
    pub(crate) signatures: &'a str,
}

/// Why a webhook is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotBelieved {
    /// The timestamp is no number.
    #[error("the timestamp is malformed")]
    Malformed,
    /// The timestamp is more than five minutes away.
    #[error("the timestamp is too far from now")]
    Untimely,
    /// None of the signatures is right.
    #[error("the signature is not right")]
    Forged,
}

impl WebhookSecret {
    /// Reads a secret as the provider shows it; the bytes behind the base64 are the key, not the text.
    pub(crate) fn parse(text: &str) -> Result<Self, MalformedSecret> {
        let encoded = text.strip_prefix("whsec_").unwrap_or(text);
        let bytes = STANDARD
            .decode(encoded)
            .map_err(|_malformed| MalformedSecret)?;
        if bytes.is_empty() {
            return Err(MalformedSecret);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }
}

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSecret(***)")
    }
}

/// Passes when one of the signatures was made with one of the secrets over exactly these bytes.
pub(crate) fn verify(
    secrets: &[WebhookSecret],
    head: SignedHead<'_>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<(), NotBelieved> {
    let sent = head
        .timestamp
        .parse()
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .ok_or(NotBelieved::Malformed)?;
    if (now - sent).abs() > TOLERANCE {
        return Err(NotBelieved::Untimely);
    }
    let mut signed = Vec::with_capacity(head.id.len() + head.timestamp.len() + body.len() + 2);
    signed.extend_from_slice(head.id.as_bytes());
    signed.push(b'.');
    signed.extend_from_slice(head.timestamp.as_bytes());
    signed.push(b'.');
    signed.extend_from_slice(body);
    let is_right = head
        .signatures
        .split(' ')
        .filter_map(|entry| entry.strip_prefix("v1,"))
        .filter_map(|encoded| STANDARD.decode(encoded).ok())
        // The comparison itself takes the same time however much of a signature is right.
        .any(|signature| {
            secrets
                .iter()
                .any(|secret| hmac::verify(&secret.0, &signed, &signature).is_ok())
        });
    if is_right {
        Ok(())
    } else {
        Err(NotBelieved::Forged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the test suites of the official libraries.
    const SVIX: Vector = Vector {
        secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp: 1_614_265_330,
        body: br#"{"test": 2432232314}"#,
        signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const STANDARD_WEBHOOKS: Vector = Vector {
        secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        id: "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
        timestamp: 1_649_367_553,
        body: br#"{"email":"test@example.com","username":"test_user"}"#,
        signature: "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
    };
    const WRONG: &str = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";

    struct Vector {
        secret: &'static str,
        id: &'static str,
        timestamp: i64,
        body: &'static [u8],
        signature: &'static str,
    }

    impl Vector {
        fn verify(&self, signatures: &str, clock_ahead: i64) -> Result<(), NotBelieved> {
            self.verify_with(&[self.secret], signatures, clock_ahead)
        }

        fn verify_with(
            &self,
            secrets: &[&str],
            signatures: &str,
            clock_ahead: i64,
        ) -> Result<(), NotBelieved> {
            let secrets: Vec<_> = secrets
                .iter()
                .map(|text| WebhookSecret::parse(text).unwrap())
                .collect();
            let timestamp = self.timestamp.to_string();
            let head = SignedHead {
                id: self.id,
                timestamp: &timestamp,
                signatures,
            };
            let now = DateTime::from_timestamp(self.timestamp + clock_ahead, 0).unwrap();
            verify(&secrets, head, self.body, now)
        }
    }

    #[test]
    fn the_official_vectors_verify() {
        for vector in [SVIX, STANDARD_WEBHOOKS] {
            assert_eq!(vector.verify(vector.signature, 0), Ok(()));
        }
    }

    #[test]
    fn one_right_signature_among_wrong_ones_is_enough() {
        let many = format!("{WRONG} {WRONG} {} {WRONG}", SVIX.signature);
        assert_eq!(SVIX.verify(&many, 0), Ok(()));
        let wrong = format!("{WRONG} {WRONG}");
        assert_eq!(SVIX.verify(&wrong, 0), Err(NotBelieved::Forged));
    }

    #[test]
    fn half_a_signature_and_other_versions_are_nothing() {
        let truncated = SVIX.signature.get(..20).unwrap();
        let other_version = SVIX.signature.replace("v1,", "v1a,");
        let without_version = SVIX.signature.replace("v1,", "");
        for bad in [
            "",
            "v1,",
            "v1",
            ",",
            truncated,
            &other_version,
            &without_version,
        ] {
            assert_eq!(SVIX.verify(bad, 0), Err(NotBelieved::Forged), "{bad}");
        }
        let both = format!("{other_version} {}", SVIX.signature);
        assert_eq!(SVIX.verify(&both, 0), Ok(()));
    }

    #[test]
    fn five_minutes_either_way_and_no_more() {
        for ahead in [-300, 0, 300] {
            assert_eq!(SVIX.verify(SVIX.signature, ahead), Ok(()));
        }
        for ahead in [-301, 301, 100_000] {
            assert_eq!(
                SVIX.verify(SVIX.signature, ahead),
                Err(NotBelieved::Untimely)
            );
        }
    }

    #[test]
    fn any_change_is_noticed() {
        let changed = Vector {
            body: br#"{"test": 2432232315}"#,
            ..SVIX
        };
        assert_eq!(changed.verify(SVIX.signature, 0), Err(NotBelieved::Forged));
        let reformatted = Vector {
            body: br#"{"test":2432232314}"#,
            ..SVIX
        };
        assert_eq!(
            reformatted.verify(SVIX.signature, 0),
            Err(NotBelieved::Forged)
        );
        let renamed = Vector {
            id: "msg_x",
            ..SVIX
        };
        assert_eq!(renamed.verify(SVIX.signature, 0), Err(NotBelieved::Forged));
    }

    #[test]
    fn both_secrets_are_good_while_one_replaces_the_other() {
        let new = STANDARD_WEBHOOKS.secret;
        let with = |secrets: &[&str]| SVIX.verify_with(secrets, SVIX.signature, 0);
        assert_eq!(with(&[new, SVIX.secret]), Ok(()));
        assert_eq!(with(&[new]), Err(NotBelieved::Forged));
    }

    #[test]
    fn a_secret_may_lack_its_prefix_but_not_its_content() {
        let bare = SVIX.secret.trim_start_matches("whsec_");
        assert_eq!(SVIX.verify_with(&[bare], SVIX.signature, 0), Ok(()));
        for bad in ["", "whsec_", "whsec_not base64"] {
            assert!(WebhookSecret::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_timestamp_that_is_no_number_is_malformed() {
        let secrets = [WebhookSecret::parse(SVIX.secret).unwrap()];
        for timestamp in ["", "now", "99999999999999999999", "1614265330.5"] {
            let head = SignedHead {
                id: SVIX.id,
                timestamp,
                signatures: SVIX.signature,
            };
            let now = DateTime::from_timestamp(SVIX.timestamp, 0).unwrap();
            assert_eq!(
                verify(&secrets, head, SVIX.body, now),
                Err(NotBelieved::Malformed)
            );
        }
    }
}
