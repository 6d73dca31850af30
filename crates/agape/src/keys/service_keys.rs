//! The keys with which services sign their calls to each other, and the set of public halves.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::Serialize;

use crate::private_files;

/// A JSON Web Key (RFC 8037) with the name of the service that it belongs to.
#[derive(Serialize)]
struct PublicKey {
    kty: &'static str,
    crv: &'static str,
    x: String,
    kid: String,
    alg: &'static str,
    r#use: &'static str,
    iss: String,
}

#[derive(Serialize)]
struct KeySet {
    keys: Vec<PublicKey>,
}

/// Makes an Ed25519 key, in PKCS#8 DER.
pub(super) fn generate() -> Result<Vec<u8>> {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
        .map_err(|_unspecified| anyhow!("the system has no randomness to give"))?;
    Ok(document.as_ref().to_vec())
}

/// Writes the set of public halves if it changed, and says whether it did.
pub(super) fn publish(
    services: &[&str],
    key_file: impl Fn(&str) -> PathBuf,
    set_file: &Path,
) -> Result<bool> {
    let keys: Result<Vec<PublicKey>> = services
        .iter()
        .map(|service| public_half(service, &key_file(service)))
        .collect();
    let content = serde_json::to_vec_pretty(&KeySet { keys: keys? })?;
    if private_files::read(set_file)?.is_some_and(|old| old == content) {
        return Ok(false);
    }
    private_files::write(set_file, &content)?;
    Ok(true)
}

fn public_half(service: &str, path: &Path) -> Result<PublicKey> {
    let private = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let pair = Ed25519KeyPair::from_pkcs8(&private)
        .map_err(|reason| anyhow!("{} is not an Ed25519 key: {reason}", path.display()))?;
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    Ok(PublicKey {
        kty: "OKP",
        crv: "Ed25519",
        kid: thumbprint(&x),
        x,
        alg: "EdDSA",
        r#use: "sig",
        iss: service.to_owned(),
    })
}

/// RFC 7638: the hash of the required members, in alphabetical order, without spaces.
fn thumbprint(x: &str) -> String {
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendix A.3.
    #[test]
    fn the_thumbprint_is_the_standards_example() {
        assert_eq!(
            thumbprint("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }
}
