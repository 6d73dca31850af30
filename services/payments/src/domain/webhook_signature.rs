//! Whether a webhook comes from the provider: HMAC-SHA512 over the raw body, with the API's secret key.

use ring::hmac;

/// A signature has so many characters.
const LENGTH: usize = 128;

/// A key that signs webhooks.
#[derive(Clone)]
pub(crate) struct SigningKey(hmac::Key);

/// Which key a webhook was signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyAge {
    /// The one in use.
    Current,
    /// The one before, while they are exchanged.
    Previous,
}

impl KeyAge {
    /// The name in metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Previous => "previous",
        }
    }
}

impl SigningKey {
    /// The key that is this secret.
    pub(crate) fn new(secret: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA512, secret.as_bytes()))
    }

    /// Takes the same time however much of the signature is right.
    fn has_made(&self, signature: &[u8], body: &[u8]) -> bool {
        hmac::verify(&self.0, body, signature).is_ok()
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(***)")
    }
}

/// The keys that are believed.
#[derive(Debug, Clone)]
pub(crate) struct SigningKeys {
    pub(crate) current: SigningKey,
    pub(crate) previous: Option<SigningKey>,
}

impl SigningKeys {
    /// Which key signed exactly these bytes; none if neither did. Only lower-case hexadecimal is a signature.
    pub(crate) fn verify(&self, signature: &str, body: &[u8]) -> Option<KeyAge> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if signature.len() != LENGTH || !signature.bytes().all(is_hex) {
            return None;
        }
        let signature = hex::decode(signature).ok()?;
        if self.current.has_made(&signature, body) {
            return Some(KeyAge::Current);
        }
        let previous = self.previous.as_ref()?;
        previous
            .has_made(&signature, body)
            .then_some(KeyAge::Previous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk_test_agape_0123456789abcdef";

    fn keys(current: &str, previous: Option<&str>) -> SigningKeys {
        SigningKeys {
            current: SigningKey::new(current),
            previous: previous.map(SigningKey::new),
        }
    }

    fn sign(key: &str, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA512, key.as_bytes());
        hex::encode(hmac::sign(&key, body))
    }

    #[test]
    fn the_known_vectors_verify() {
        for (key, body, signature) in [
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
                KEY,
                r#"{"event":"charge.success","data":{"id":302961,"domain":"live","status":"success","reference":"qTPrJoy9Bx","amount":10000,"currency":"NGN"}}"#,
                "1861b7525100505e33df2e0402a085cad6a549735e9d85b17e255d1e568e2502\
                 688ad8f8b862ac8b8e6adb55bc575295df9ef241cbd43c0cbd7e0d9119856d65",
            ),
            (
                KEY,
                "",
                "43a932c86bcdcbf474360ac1545a904f160b9013de2f99a0db12cbbbb12c8129\
                 8e6cef77323468097c357ae502164539fae75d7713834c1f92143a8cd589dd0e",
            ),
        ] {
            let found = keys(key, None).verify(signature, body.as_bytes());
            assert_eq!(found, Some(KeyAge::Current), "{key}");
        }
    }

    #[test]
    fn the_raw_bytes_are_signed_and_not_what_they_mean() {
        let raw = r#"{"event":"charge.success","data":{"amount":5000,"fee":1.0,"name":"Adé","url":"https:\/\/x"}}"#;
        let written_again = serde_json::from_str::<serde_json::Value>(raw)
            .unwrap()
            .to_string();
        let signature = sign(KEY, raw.as_bytes());
        assert!(signature.starts_with("3fc10c2d0754064a"));
        let keys = keys(KEY, None);
        assert!(keys.verify(&signature, raw.as_bytes()).is_some());
        assert_ne!(raw, written_again);
        assert!(keys.verify(&signature, written_again.as_bytes()).is_none());
    }

    #[test]
    fn anything_but_the_whole_lower_case_signature_is_refused() {
        let body = b"{}";
        let right = sign(KEY, body);
        let short: String = right.chars().take(127).collect();
        let mut changed = right.clone();
        changed.replace_range(0..1, if right.starts_with('0') { "1" } else { "0" });
        let spaced = format!(" {short}");
        for wrong in [
            String::new(),
            short,
            format!("{right}0"),
            right.to_uppercase(),
            format!("0x{right}"),
            changed,
            "g".repeat(128),
            spaced,
            sign("sk_test_other", body),
            sign(KEY, b"{ }"),
        ] {
            assert_eq!(keys(KEY, None).verify(&wrong, body), None, "{wrong}");
        }
    }

    #[test]
    fn both_keys_are_good_while_one_replaces_the_other() {
        let (old, new) = ("sk_test_old", "sk_test_new");
        let body = b"{}";
        let both = keys(new, Some(old));
        assert_eq!(both.verify(&sign(new, body), body), Some(KeyAge::Current));
        assert_eq!(both.verify(&sign(old, body), body), Some(KeyAge::Previous));
        assert_eq!(keys(new, None).verify(&sign(old, body), body), None);
        assert!(!format!("{both:?}").contains("sk_"));
    }
}
