//! Keys that are made once per test binary.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::{Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair};
use serde_json::{Value, json};

/// A 2048-bit RSA key pair.
#[derive(Debug)]
pub struct RsaKey {
    pem: String,
    pair: RsaKeyPair,
}

/// An Ed25519 key pair.
#[derive(Debug)]
pub struct Ed25519Key {
    pkcs8: Vec<u8>,
    pair: Ed25519KeyPair,
}

/// The key that the tests' honest issuer signs with.
pub fn rsa_key() -> &'static RsaKey {
    static KEY: OnceLock<RsaKey> = OnceLock::new();
    KEY.get_or_init(RsaKey::generate)
}

/// A key that no verifier knows: an attacker's, or the next one in a rotation.
pub fn other_rsa_key() -> &'static RsaKey {
    static KEY: OnceLock<RsaKey> = OnceLock::new();
    KEY.get_or_init(RsaKey::generate)
}

/// The key that the tests' services sign their tokens with.
pub fn ed25519_key() -> &'static Ed25519Key {
    static KEY: OnceLock<Ed25519Key> = OnceLock::new();
    KEY.get_or_init(Ed25519Key::generate)
}

impl RsaKey {
    /// Makes a key with `openssl`, since ring cannot make RSA keys.
    ///
    /// # Panics
    /// If `openssl` is not installed.
    pub fn generate() -> Self {
        let pem = openssl(
            &[
                "genpkey",
                "-quiet",
                "-algorithm",
                "RSA",
                "-pkeyopt",
                "rsa_keygen_bits:2048",
            ],
            "",
        );
        let pair = RsaKeyPair::from_pkcs8(&der_of(&pem)).expect("an RSA key");
        Self { pem, pair }
    }

    /// The private key as PKCS#8 PEM.
    pub fn private_pem(&self) -> &str {
        &self.pem
    }

    /// The public key as PEM, `BEGIN PUBLIC KEY`, with its final line break.
    pub fn public_pem(&self) -> String {
        openssl(&["pkey", "-pubout"], &self.pem)
    }

    /// The public key in DER as in the PEM (`SubjectPublicKeyInfo`).
    pub fn public_spki_der(&self) -> Vec<u8> {
        der_of(&self.public_pem())
    }

    /// The public key in DER as `RSAPublicKey` (PKCS#1).
    pub fn public_pkcs1_der(&self) -> Vec<u8> {
        self.pair.public_key().as_ref().to_vec()
    }

    /// The bytes of the modulus.
    pub fn modulus(&self) -> Vec<u8> {
        self.components().n
    }

    /// The key's thumbprint (RFC 7638), which is its `kid`.
    pub fn kid(&self) -> String {
        let rsa::PublicKeyComponents { n, e } = self.components();
        let canonical = format!(
            r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
            encode(&e),
            encode(&n)
        );
        thumbprint(&canonical)
    }

    /// The public half as a JWK, as an issuer publishes it.
    pub fn jwk(&self) -> Value {
        let rsa::PublicKeyComponents { n, e } = self.components();
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid(),
            "n": encode(&n), "e": encode(&e),
        })
    }

    pub(super) fn sign(&self, padding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(padding, &SystemRandom::new(), message, &mut signature)
            .expect("an RSA signature");
        signature
    }

    fn components(&self) -> rsa::PublicKeyComponents<Vec<u8>> {
        rsa::PublicKeyComponents::from(self.pair.public())
    }
}

impl Ed25519Key {
    /// Makes a key.
    pub fn generate() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        let pkcs8 = document.as_ref().to_vec();
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).expect("a key");
        Self { pkcs8, pair }
    }

    /// The private key as PKCS#8 DER.
    pub fn private_der(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The private key as PKCS#8 PEM.
    pub fn private_pem(&self) -> String {
        let body = STANDARD.encode(&self.pkcs8);
        format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
    }

    /// The key's thumbprint (RFC 7638 and 8037), which is its `kid`.
    pub fn kid(&self) -> String {
        thumbprint(&format!(
            r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
            self.x()
        ))
    }

    /// The public half as a JWK.
    pub fn jwk(&self) -> Value {
        json!({
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.kid(),
            "x": self.x(),
        })
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }

    fn x(&self) -> String {
        encode(self.pair.public_key().as_ref())
    }
}

pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn thumbprint(canonical_jwk: &str) -> String {
    encode(digest(&SHA256, canonical_jwk.as_bytes()).as_ref())
}

fn der_of(pem: &str) -> Vec<u8> {
    let body: String = pem
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    STANDARD.decode(body).expect("base64 in the PEM")
}

fn openssl(arguments: &[&str], input: &str) -> String {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl is installed");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A command that reads no input may be gone before it is written.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("openssl ends");
    assert!(output.status.success(), "openssl {arguments:?} failed");
    String::from_utf8(output.stdout).expect("text")
}
