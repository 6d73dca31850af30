//! Signatures of tokens by `ring`: RS256 for people, EdDSA for services, and nothing else.
//!
//! jsonwebtoken has no ring backend of its own; this is the `CryptoProvider` it lets one bring. Every other algorithm
//! is refused here, whatever a token's header says.

use std::sync::Arc;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, Result};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::rand::SystemRandom;
use ring::signature::{
    ED25519, Ed25519KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use signature::{Signer, Verifier};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes jsonwebtoken use ring. Calling it again does nothing.
pub fn install_provider() {
    let _ = PROVIDER.install_default();
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    match algorithm {
        Algorithm::RS256 => {
            let pair = RsaKeyPair::from_pkcs8(key.as_bytes())
                .or_else(|_not_pkcs8| RsaKeyPair::from_der(key.as_bytes()))
                .map_err(|e| ErrorKind::InvalidRsaKey(e.to_string()))?;
            Ok(Box::new(RsaSigner(Arc::new(pair))))
        }
        Algorithm::EdDSA => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.as_bytes())
                .map_err(|_rejected| ErrorKind::InvalidEddsaKey)?;
            Ok(Box::new(EdSigner(pair)))
        }
        _ => Err(Error::from(ErrorKind::InvalidAlgorithm)),
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    match algorithm {
        Algorithm::RS256 => Ok(Box::new(RsaVerifier(key.clone()))),
        Algorithm::EdDSA => Ok(Box::new(EdVerifier(key.clone()))),
        _ => Err(Error::from(ErrorKind::InvalidAlgorithm)),
    }
}

struct RsaSigner(Arc<RsaKeyPair>);

impl Signer<Vec<u8>> for RsaSigner {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        let mut out = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut out)
            .map_err(|_failed| signature::Error::new())?;
        Ok(out)
    }
}

impl JwtSigner for RsaSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

struct RsaVerifier(DecodingKey);

impl Verifier<Vec<u8>> for RsaVerifier {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), signature::Error> {
        match self.0.kind() {
            DecodingKeyKind::SecretOrDer(der) => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).verify(message, signature)
            }
            DecodingKeyKind::RsaModulusExponent { n, e } => RsaPublicKeyComponents { n, e }.verify(
                &RSA_PKCS1_2048_8192_SHA256,
                message,
                signature,
            ),
        }
        .map_err(|_wrong| signature::Error::new())
    }
}

impl JwtVerifier for RsaVerifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

struct EdSigner(Ed25519KeyPair);

impl Signer<Vec<u8>> for EdSigner {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

impl JwtSigner for EdSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct EdVerifier(DecodingKey);

impl Verifier<Vec<u8>> for EdVerifier {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), signature::Error> {
        let key = self
            .0
            .try_get_as_bytes()
            .map_err(|_other_kind| signature::Error::new())?;
        UnparsedPublicKey::new(&ED25519, key)
            .verify(message, signature)
            .map_err(|_wrong| signature::Error::new())
    }
}

impl JwtVerifier for EdVerifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

/// The parts of a compact token, with its header read strictly.
pub(super) struct Parts<'a> {
    /// What the signature covers.
    pub signed: &'a [u8],
    pub signature: &'a str,
    pub payload: Vec<u8>,
    pub kid: String,
}

/// The header we write, and the only one we read: a `jwk`, `jku`, `x5u`, `crit` or any other member is refused.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// Tokens longer than this are not ours.
const TOKEN_MAX_BYTES: usize = 4096;

/// Splits a token and reads its header: exactly three parts, canonical base64url, the given algorithm and type.
pub(super) fn split<'a>(token: &'a str, alg: &str, typ: &str) -> Option<Parts<'a>> {
    if token.len() > TOKEN_MAX_BYTES {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    if payload.contains('.') || signature.is_empty() {
        return None;
    }
    let header: Header = serde_json::from_slice(&decode(header)?).ok()?;
    let expected = header.alg == alg && header.typ == typ && header.kid.len() <= 128;
    expected.then_some(Parts {
        signed: signed.as_bytes(),
        signature,
        payload: decode(payload)?,
        kid: header.kid,
    })
}

fn decode(part: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    // This engine refuses padding and non-zero trailing bits, so that each token has one spelling.
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(part)
        .ok()
}

/// Signs claims as a compact token with the strict header that verifiers read.
///
/// # Errors
/// When the key does not fit the algorithm.
pub fn sign<T: serde::Serialize>(
    claims: &T,
    algorithm: Algorithm,
    typ: &str,
    kid: &str,
    key: &EncodingKey,
) -> Result<String> {
    let mut header = jsonwebtoken::Header::new(algorithm);
    header.typ = Some(typ.to_owned());
    header.kid = Some(kid.to_owned());
    jsonwebtoken::encode(&header, claims, key)
}
