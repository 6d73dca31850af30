//! Making an RSA key. `ring` signs with RSA keys but cannot make them, so `openssl` does; the key comes through a pipe
//! and touches no disk.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::crypto::sha256;
use ring::rsa::PublicKeyComponents;
use ring::signature::RsaKeyPair;
use serde_json::{Value, json};
use tokio::process::Command;

/// Finding two primes takes well under a second; an entropy-starved machine may take longer.
const DEADLINE: Duration = Duration::from_secs(60);

/// A new key.
pub(super) struct Generated {
    /// RFC 7638 thumbprint of the public half.
    pub(super) kid: String,
    /// The private half, PKCS#8 DER.
    pub(super) private_key: Vec<u8>,
    /// The public half as it is published.
    pub(super) public_jwk: Value,
}

/// Makes an RSA key of 2048 bits.
pub(super) async fn generate() -> anyhow::Result<Generated> {
    let openssl = Command::new("openssl")
        .args([
            "genpkey",
            "-algorithm",
            "RSA",
            "-pkeyopt",
            "rsa_keygen_bits:2048",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(DEADLINE, openssl)
        .await
        .context("openssl took too long to make a key")?
        .context("openssl is needed to make signing keys, and could not be run")?;
    ensure!(
        output.status.success(),
        "openssl could not make a key: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    describe(pkcs8(&String::from_utf8(output.stdout)?)?)
}

/// Takes the armour off. As text openssl always writes PKCS#8; as DER, some versions write the older PKCS#1.
fn pkcs8(pem: &str) -> anyhow::Result<Vec<u8>> {
    let (_, rest) = pem
        .split_once("-----BEGIN PRIVATE KEY-----")
        .context("openssl wrote no PKCS#8 key")?;
    let (body, _) = rest
        .split_once("-----END")
        .context("openssl wrote half a key")?;
    let text: String = body.split_whitespace().collect();
    Ok(STANDARD.decode(text)?)
}

/// Reads a PKCS#8 key's public half and names the key by it.
fn describe(private_key: Vec<u8>) -> anyhow::Result<Generated> {
    let pair =
        RsaKeyPair::from_pkcs8(&private_key).map_err(|e| anyhow::anyhow!("not an RSA key: {e}"))?;
    let public: PublicKeyComponents<Vec<u8>> = pair.public().into();
    let (n, e) = (
        URL_SAFE_NO_PAD.encode(&public.n),
        URL_SAFE_NO_PAD.encode(&public.e),
    );
    // The members in this order and nothing else: the thumbprint's definition.
    let canonical = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
    let kid = URL_SAFE_NO_PAD.encode(sha256(canonical.as_bytes()));
    let public_jwk =
        json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e });
    Ok(Generated {
        kid,
        private_key,
        public_jwk,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_is_published_without_its_private_half() {
        let key = generate().await.unwrap();
        let jwk = key.public_jwk.as_object().unwrap();
        let members: Vec<&str> = jwk.keys().map(String::as_str).collect();
        for private in ["d", "p", "q", "dp", "dq", "qi"] {
            assert!(!members.contains(&private), "{members:?}");
        }
        assert_eq!(jwk["kid"], key.kid);
        assert_eq!(key.kid.len(), 43);
    }
}
