//! A JWT that says whatever the test wants.

use ring::{hmac, signature};
use serde_json::{Map, Value};

use super::keys::{Ed25519Key, RsaKey, encode};

/// The two halves of a token before it is signed.
///
/// ```
/// use test_support::tokens::{Token, rsa_key};
///
/// let token = Token::new()
///     .header("typ", "at+jwt")
///     .header("kid", rsa_key().kid())
///     .claim("sub", "0199a0b0-0000-7000-8000-000000000001")
///     .rs256(rsa_key());
/// assert_eq!(token.split('.').count(), 3);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Token {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    raw_header: Option<String>,
    raw_claims: Option<String>,
}

impl Token {
    /// An empty token.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a field of the header; signing sets `alg` unless it is set here.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Takes a field out of the header.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Sets a claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Takes a claim out.
    #[must_use]
    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Uses this text as the header: duplicate names, broken JSON, anything.
    #[must_use]
    pub fn raw_header(mut self, text: impl Into<String>) -> Self {
        self.raw_header = Some(text.into());
        self
    }

    /// Uses this text as the claims: duplicate names, `1e400`, anything.
    #[must_use]
    pub fn raw_claims(mut self, text: impl Into<String>) -> Self {
        self.raw_claims = Some(text.into());
        self
    }

    /// Signs with RSASSA-PKCS1-v1_5 and SHA-256: the honest way for user tokens.
    pub fn rs256(&self, key: &RsaKey) -> String {
        self.signed("RS256", |message| {
            key.sign(&signature::RSA_PKCS1_SHA256, message)
        })
    }

    /// Signs with RSASSA-PKCS1-v1_5 and SHA-384.
    pub fn rs384(&self, key: &RsaKey) -> String {
        self.signed("RS384", |message| {
            key.sign(&signature::RSA_PKCS1_SHA384, message)
        })
    }

    /// Signs with RSASSA-PKCS1-v1_5 and SHA-512.
    pub fn rs512(&self, key: &RsaKey) -> String {
        self.signed("RS512", |message| {
            key.sign(&signature::RSA_PKCS1_SHA512, message)
        })
    }

    /// Signs with RSASSA-PSS and SHA-256.
    pub fn ps256(&self, key: &RsaKey) -> String {
        self.signed("PS256", |message| {
            key.sign(&signature::RSA_PSS_SHA256, message)
        })
    }

    /// Signs with Ed25519: the honest way for service tokens.
    pub fn eddsa(&self, key: &Ed25519Key) -> String {
        self.signed("EdDSA", |message| key.sign(message))
    }

    /// Signs with HMAC-SHA-256, for instance with a public key as the secret.
    pub fn hs256(&self, secret: &[u8]) -> String {
        self.hmac("HS256", hmac::HMAC_SHA256, secret)
    }

    /// Signs with HMAC-SHA-384.
    pub fn hs384(&self, secret: &[u8]) -> String {
        self.hmac("HS384", hmac::HMAC_SHA384, secret)
    }

    /// Signs with HMAC-SHA-512.
    pub fn hs512(&self, secret: &[u8]) -> String {
        self.hmac("HS512", hmac::HMAC_SHA512, secret)
    }

    /// Leaves the signature empty; the header says `none` unless it says something else.
    pub fn unsigned(&self) -> String {
        self.signed("none", |_| Vec::new())
    }

    /// Puts any bytes where the signature belongs.
    pub fn with_signature(&self, algorithm: &str, signature: &[u8]) -> String {
        self.signed(algorithm, |_| signature.to_vec())
    }

    fn hmac(&self, name: &str, algorithm: hmac::Algorithm, secret: &[u8]) -> String {
        let key = hmac::Key::new(algorithm, secret);
        self.signed(name, |message| hmac::sign(&key, message).as_ref().to_vec())
    }

    fn signed(&self, algorithm: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let mut header = self.header.clone();
        header.entry("alg").or_insert_with(|| algorithm.into());
        let header = self
            .raw_header
            .clone()
            .unwrap_or_else(|| Value::from(header).to_string());
        let claims = self.raw_claims.clone();
        let claims = claims.unwrap_or_else(|| Value::from(self.claims.clone()).to_string());
        let message = format!(
            "{}.{}",
            encode(header.as_bytes()),
            encode(claims.as_bytes())
        );
        let signature = encode(&sign(message.as_bytes()));
        format!("{message}.{signature}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ed25519_key, other_rsa_key, rsa_key};
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::signature::{
        ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
    };

    fn verifies(token: &str, algorithm: &'static dyn VerificationAlgorithm, key: &[u8]) -> bool {
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        UnparsedPublicKey::new(algorithm, key)
            .verify(message.as_bytes(), &signature)
            .is_ok()
    }

    fn part(token: &str, index: usize) -> String {
        let part = token.split('.').nth(index).unwrap();
        String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn an_honest_token_verifies_under_its_own_key_only() {
        let token = Token::new()
            .header("typ", "at+jwt")
            .claim("sub", "u")
            .rs256(rsa_key());
        let verify =
            |key: &RsaKey| verifies(&token, &RSA_PKCS1_2048_8192_SHA256, &key.public_pkcs1_der());
        assert!(verify(rsa_key()));
        assert!(!verify(other_rsa_key()));
        assert_eq!(part(&token, 0), r#"{"alg":"RS256","typ":"at+jwt"}"#);
        assert_eq!(part(&token, 1), r#"{"sub":"u"}"#);
    }

    #[test]
    fn a_service_token_verifies() {
        let token = Token::new().eddsa(ed25519_key());
        let jwk = ed25519_key().jwk();
        let x = URL_SAFE_NO_PAD.decode(jwk["x"].as_str().unwrap()).unwrap();
        assert!(verifies(&token, &ED25519, &x));
    }

    #[test]
    fn a_forged_token_says_what_it_is_told() {
        let token = Token::new()
            .raw_claims(r#"{"sub":"a","sub":"b"}"#)
            .unsigned();
        assert_eq!(part(&token, 0), r#"{"alg":"none"}"#);
        assert_eq!(part(&token, 1), r#"{"sub":"a","sub":"b"}"#);
        assert!(token.ends_with('.'));
        let lies = Token::new()
            .header("alg", "RS256")
            .hs256(rsa_key().public_pem().as_bytes());
        assert_eq!(part(&lies, 0), r#"{"alg":"RS256"}"#);
    }

    #[test]
    fn the_public_forms_of_a_key_agree() {
        let key = rsa_key();
        assert!(key.public_pem().starts_with("-----BEGIN PUBLIC KEY-----"));
        let pkcs1 = key.public_pkcs1_der();
        assert!(key.public_spki_der().ends_with(&pkcs1));
        assert_eq!(key.modulus().len(), 256);
        assert_eq!(key.kid().len(), 43);
    }
}
