//! The account's secret key: it opens the API and signs the webhooks. There is no separate secret for these.

use std::fmt;

use ring::hmac;
use serde::Serialize;

/// What the key of an account that really moves money begins with.
const LIVE: &str = "sk_live_";
/// What the key of every other account begins with.
const TEST: &str = "sk_test_";

/// Which of the vendor's two worlds a key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Domain {
    /// Nothing is real.
    Test,
    /// So it would be with the vendor itself.
    Live,
}

/// The secret key. It never shows in debug output.
#[derive(Clone)]
pub struct SecretKey {
    text: String,
    signing: hmac::Key,
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(***)")
    }
}

impl SecretKey {
    /// Reads `sk_test_…` or `sk_live_…`.
    ///
    /// # Errors
    /// It is neither; the sentence does not repeat it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let rest = text.strip_prefix(TEST).or(text.strip_prefix(LIVE));
        if rest.is_none_or(str::is_empty) {
            return Err("must begin with sk_test_ or sk_live_");
        }
        Ok(Self::of(text))
    }

    /// A key that nobody has, for signatures that must be refused.
    #[must_use]
    pub fn of_a_forger() -> Self {
        Self::of("not the account's key")
    }

    fn of(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            signing: hmac::Key::new(hmac::HMAC_SHA512, text.as_bytes()),
        }
    }

    /// Whether this is the key.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.text == text
    }

    /// The world that the key belongs to.
    #[must_use]
    pub fn domain(&self) -> Domain {
        if self.text.starts_with(LIVE) {
            return Domain::Live;
        }
        Domain::Test
    }

    /// The value of `x-paystack-signature`: HMAC-SHA512 over exactly the bytes of the body, as lower-case hex.
    #[must_use]
    pub fn sign(&self, body: &[u8]) -> String {
        hex::encode(hmac::sign(&self.signing, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vendor publishes no vectors. The first is RFC 4231, test case 2; the inputs of the second are those of the
    /// vendor's Java sample; all were computed by two other programs.
    #[test]
    fn signatures_are_those_that_others_compute() {
        let agape = "sk_test_agape_0123456789abcdef";
        for (key, body, expected) in [
            (
                "Jefe",
                "what do ya want for nothing?",
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                 9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
            (
                "YOUR_SECRET_KEY",
                r#"{"paystack":"request","body":"to_string"}"#,
                "996867a4a400e06877c13b4299cd95831b681beb6ab7ccf693d424cd9aa9fdda\
                 1b6b040f79d073b19be7d91464d84b33e6158b065ff422d5525a69ae492668ac",
            ),
            (
                agape,
                r#"{"event":"charge.success","data":{"id":302961,"domain":"live","status":"success","reference":"qTPrJoy9Bx","amount":10000,"currency":"NGN"}}"#,
                "1861b7525100505e33df2e0402a085cad6a549735e9d85b17e255d1e568e2502\
                 688ad8f8b862ac8b8e6adb55bc575295df9ef241cbd43c0cbd7e0d9119856d65",
            ),
            (
                agape,
                "",
                "43a932c86bcdcbf474360ac1545a904f160b9013de2f99a0db12cbbbb12c8129\
                 8e6cef77323468097c357ae502164539fae75d7713834c1f92143a8cd589dd0e",
            ),
        ] {
            assert_eq!(SecretKey::of(key).sign(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn the_bytes_are_signed_and_not_what_they_mean() {
        let key = SecretKey::parse("sk_test_agape_0123456789abcdef").unwrap();
        let body = r#"{"event":"charge.success","data":{"amount":5000,"fee":1.0,"name":"Adé","url":"https:\/\/x"}}"#;
        assert!(key.sign(body.as_bytes()).starts_with("3fc10c2d0754064a"));
        let again: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_ne!(
            key.sign(again.to_string().as_bytes()),
            key.sign(body.as_bytes())
        );
    }

    #[test]
    fn a_key_has_its_world_and_stays_secret() {
        let key = SecretKey::parse("sk_live_x").unwrap();
        assert_eq!(key.domain(), Domain::Live);
        assert_eq!(format!("{key:?}"), "SecretKey(***)");
        for text in ["", "sk_test_", "pk_test_x", "sk_x"] {
            assert!(SecretKey::parse(text).is_err(), "{text:?}");
        }
    }
}
