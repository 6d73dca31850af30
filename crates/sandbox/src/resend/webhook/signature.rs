//! Signatures in the Svix way (Standard Webhooks): HMAC-SHA256 over `{id}.{timestamp}.{body}`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// What a secret's text begins with.
const PREFIX: &str = "whsec_";

/// The key that signs webhooks. It never shows in debug output.
#[derive(Clone)]
pub struct Secret(hmac::Key);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Secret {
    /// Reads `whsec_<base64>`; the prefix may be absent.
    ///
    /// # Errors
    /// It is empty or no base64; the sentence does not repeat it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let encoded = text.strip_prefix(PREFIX).unwrap_or(text);
        let bytes = STANDARD
            .decode(encoded)
            .map_err(|_undecodable| "must be whsec_ and base64")?;
        if bytes.is_empty() {
            return Err("must not be empty");
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// A key that nobody has, for signatures that must be refused.
    #[must_use]
    pub fn of_a_forger() -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, b"not the shop's secret"))
    }
}

/// The value of `svix-signature`.
#[must_use]
pub fn sign(secret: &Secret, id: &str, timestamp: i64, body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(&secret.0);
    context.update(format!("{id}.{timestamp}.").as_bytes());
    context.update(body);
    format!("v1,{}", STANDARD.encode(context.sign()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(secret: &str, id: &str, timestamp: i64, body: &str) -> String {
        sign(
            &Secret::parse(secret).unwrap(),
            id,
            timestamp,
            body.as_bytes(),
        )
    }

    /// From the tests of the official JavaScript library of Svix.
    #[test]
    fn the_vector_of_svix() {
        for secret in [
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        ] {
            assert_eq!(
                signed(
                    secret,
                    "msg_p5jXN8AQM9LWM0D4loKWxJek",
                    1_614_265_330,
                    r#"{"test": 2432232314}"#
                ),
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
            );
        }
    }

    /// From the tests of the official Rust library of Standard Webhooks.
    #[test]
    fn the_vector_of_standard_webhooks() {
        assert_eq!(
            signed(
                "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                1_649_367_553,
                r#"{"email":"test@example.com","username":"test_user"}"#
            ),
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="
        );
    }

    #[test]
    fn a_secret_that_is_none_is_refused() {
        for text in ["", "whsec_", "whsec_not base64"] {
            assert!(Secret::parse(text).is_err(), "{text:?}");
        }
    }
}
