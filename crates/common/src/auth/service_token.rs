//! How services know each other: short-lived tokens signed with each service's own key.

use std::collections::HashMap;
use std::future::{Ready, ready};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};

use super::{LEEWAY_SECS, ServiceKeySettings, bearer, jwt};
use crate::clock::Clock;
use crate::crypto::sha256;
use crate::error::ApiError;

/// The type in a service token's header.
const SERVICE_TYPE: &str = "svc+jwt";
/// How long a service token lives, in seconds.
const LIFETIME_SECS: i64 = 120;
/// A token is made anew when it has less than this left, in seconds.
const RENEW_BEFORE_SECS: i64 = 30;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceClaims {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct PublicKeys {
    keys: Vec<PublicKey>,
}

#[derive(Deserialize)]
struct PublicKey {
    kid: String,
    x: String,
    iss: String,
}

/// Signs this service's tokens and checks the others'.
pub struct ServiceTokens {
    name: &'static str,
    kid: String,
    key: EncodingKey,
    public: HashMap<String, (String, DecodingKey)>,
    clock: Arc<dyn Clock>,
    signed: Mutex<HashMap<String, (String, i64)>>,
}

impl ServiceTokens {
    /// Reads the keys of service `name`.
    ///
    /// # Errors
    /// When a key is malformed, or the own key is not among the public ones.
    pub fn load(
        name: &'static str,
        settings: &ServiceKeySettings,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&settings.own)
            .map_err(|e| anyhow::anyhow!("the service key is not an Ed25519 key: {e}"))?;
        let kid = thumbprint(pair.public_key().as_ref());
        let public = read_public(&settings.public)?;
        let owner = public.get(&kid).map(|(iss, _)| iss.as_str());
        anyhow::ensure!(
            owner == Some(name),
            "the service key is not the published key of {name}"
        );
        let key = EncodingKey::from_ed_der(&settings.own);
        Ok(Self {
            name,
            kid,
            key,
            public,
            clock,
            signed: Mutex::default(),
        })
    }

    /// A token for calling service `audience`; the same one while it has time left.
    ///
    /// # Errors
    /// When signing fails.
    pub fn token_for(&self, audience: &str) -> anyhow::Result<String> {
        let now = self.clock.now().timestamp();
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((token, exp)) = signed.get(audience)
            && *exp - now > RENEW_BEFORE_SECS
        {
            return Ok(token.clone());
        }
        let exp = now + LIFETIME_SECS;
        let claims = ServiceClaims {
            iss: self.name.to_owned(),
            aud: audience.to_owned(),
            iat: now,
            exp,
        };
        let token = jwt::sign(
            &claims,
            Algorithm::EdDSA,
            SERVICE_TYPE,
            &self.kid,
            &self.key,
        )?;
        signed.insert(audience.to_owned(), (token.clone(), exp));
        Ok(token)
    }

    /// The name of the service that made the token, if it is one for us.
    #[must_use]
    pub fn caller(&self, token: &str) -> Option<&str> {
        let parts = jwt::split(token, "EdDSA", SERVICE_TYPE)?;
        let (owner, key) = self.public.get(&parts.kid)?;
        jsonwebtoken::crypto::verify(parts.signature, parts.signed, key, Algorithm::EdDSA)
            .ok()
            .filter(|&ok| ok)?;
        let claims: ServiceClaims = serde_json::from_slice(&parts.payload).ok()?;
        let now = self.clock.now().timestamp();
        let holds = claims.iss == *owner
            && claims.aud == self.name
            && claims.iat <= now + LEEWAY_SECS
            && claims.exp + LEEWAY_SECS > now
            && claims
                .exp
                .checked_sub(claims.iat)
                .is_some_and(|life| life <= LIFETIME_SECS);
        holds.then_some(owner)
    }
}

/// The RFC 7638 thumbprint of an Ed25519 public key (RFC 8037 §2 names its members).
#[must_use]
pub fn thumbprint(public: &[u8]) -> String {
    let x = URL_SAFE_NO_PAD.encode(public);
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(sha256(canonical.as_bytes()))
}

fn read_public(path: &Path) -> anyhow::Result<HashMap<String, (String, DecodingKey)>> {
    let file: PublicKeys = serde_json::from_slice(&std::fs::read(path)?)?;
    file.keys
        .into_iter()
        .map(|key| {
            let decoding = DecodingKey::from_ed_components(&key.x)?;
            Ok((key.kid, (key.iss, decoding)))
        })
        .collect()
}

/// The service that calls an internal endpoint.
#[derive(Debug, Clone)]
pub struct ServiceCaller(String);

impl ServiceCaller {
    /// Passes if the caller is one of `services`.
    ///
    /// # Errors
    /// 403 for any other service.
    pub fn allow(&self, services: &[&str]) -> Result<(), ApiError> {
        if services.contains(&self.0.as_str()) {
            return Ok(());
        }
        Err(ApiError::forbidden(
            "this service may not call this endpoint",
        ))
    }

    /// The caller's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl FromRequest for ServiceCaller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let check = || {
            let tokens = request
                .app_data::<Data<ServiceTokens>>()
                .ok_or_else(|| ApiError::internal("no service keys are configured"))?;
            let caller = tokens
                .caller(bearer(request)?)
                .ok_or_else(|| ApiError::unauthenticated("the service token is not valid"))?;
            Ok(Self(caller.to_owned()))
        };
        ready(check())
    }
}
