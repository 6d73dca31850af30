//! Checks access tokens: signature, claims, revocation; fast for a token seen before.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey};
use moka::sync::Cache;
use tokio::sync::{Mutex, Notify};
use uuid::Uuid;

use super::claims::ACCESS_TYPE;
use super::revocations::RevocationSet;
use super::{AccessClaims, KeySource, Revocation, RevocationSource, TokenSettings, jwt};
use crate::clock::Clock;
use crate::crypto::{BlindIndex, sha256};

/// How often keys are fetched without being asked for.
const KEYS_EVERY: Duration = Duration::from_secs(60);
/// How soon an unknown key id may cause a fetch again: a flood of invented ids costs one request in that time.
const KEYS_AGAIN_AFTER: Duration = Duration::from_secs(10);
/// How often auth is asked until it first answers.
const POLL_UNTIL_READY: Duration = Duration::from_millis(100);
/// Verified tokens remembered, and for how long.
const CACHE_ENTRIES: u64 = 50_000;
const CACHE_FOR: Duration = Duration::from_secs(30);

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Malformed, forged, expired, revoked: the caller need not know which.
    #[error("the access token is not valid")]
    Invalid,
    /// No key could be fetched yet.
    #[error("tokens cannot be checked at the moment")]
    Unavailable,
}

/// Checks access tokens. One per process, shared by all workers.
pub struct TokenVerifier {
    settings: TokenSettings,
    clock: Arc<dyn Clock>,
    log_index: BlindIndex,
    key_source: Box<dyn KeySource>,
    revocation_source: Box<dyn RevocationSource>,
    keys: RwLock<HashMap<String, DecodingKey>>,
    last_fetch: Mutex<Option<Instant>>,
    revoked: RevocationSet,
    loaded: RwLock<bool>,
    news: Notify,
    verified: Cache<[u8; 32], Arc<AccessClaims>>,
}

impl TokenVerifier {
    /// A verifier that knows no key yet; [`TokenVerifier::follow`] fetches them.
    #[must_use]
    pub fn new(
        settings: TokenSettings,
        clock: Arc<dyn Clock>,
        log_index: BlindIndex,
        key_source: Box<dyn KeySource>,
        revocation_source: Box<dyn RevocationSource>,
    ) -> Self {
        Self {
            settings,
            clock,
            log_index,
            key_source,
            revocation_source,
            keys: RwLock::default(),
            last_fetch: Mutex::default(),
            revoked: RevocationSet::default(),
            loaded: RwLock::new(false),
            news: Notify::new(),
            verified: Cache::builder()
                .max_capacity(CACHE_ENTRIES)
                .time_to_live(CACHE_FOR)
                .build(),
        }
    }

    /// Whether staff permissions need a second factor.
    #[must_use]
    pub fn requires_staff_2fa(&self) -> bool {
        self.settings.require_staff_2fa
    }

    /// The keyed hash that logs show for a user.
    #[must_use]
    pub fn log_hash(&self, user: Uuid) -> String {
        self.log_index.log_hash(user)
    }

    /// Whether keys and the first full set of revocations are here.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let has_keys = !self
            .keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty();
        has_keys && *self.loaded.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a session at once in this process, ahead of the next poll.
    pub fn revoke_now(&self, session_id: Uuid) {
        self.revoked.add(&[Revocation {
            session_id,
            revoked_at: self.clock.now(),
        }]);
    }

    /// Asks for revocations now instead of at the next poll.
    pub fn poll_now(&self) {
        self.news.notify_one();
    }

    /// Checks a token.
    ///
    /// # Errors
    /// [`VerifyError::Invalid`] for any token that is not wholly right, [`VerifyError::Unavailable`] when no key is
    /// known yet.
    pub async fn verify(&self, token: &str) -> Result<Arc<AccessClaims>, VerifyError> {
        let fingerprint = sha256(token.as_bytes());
        let claims = match self.verified.get(&fingerprint) {
            Some(claims) => claims,
            None => {
                let claims = Arc::new(self.check_signature(token).await?);
                self.verified.insert(fingerprint, Arc::clone(&claims));
                claims
            }
        };
        let (issuer, audience) = (&self.settings.issuer, &self.settings.audience);
        let alive =
            claims.hold(issuer, audience, self.clock.now()) && !self.revoked.contains(claims.sid);
        if alive {
            Ok(claims)
        } else {
            Err(VerifyError::Invalid)
        }
    }

    async fn check_signature(&self, token: &str) -> Result<AccessClaims, VerifyError> {
        let parts = jwt::split(token, "RS256", ACCESS_TYPE).ok_or(VerifyError::Invalid)?;
        let key = self.key(&parts.kid).await?;
        let signed =
            jsonwebtoken::crypto::verify(parts.signature, parts.signed, &key, Algorithm::RS256);
        if !signed.unwrap_or(false) {
            return Err(VerifyError::Invalid);
        }
        serde_json::from_slice(&parts.payload).map_err(|_malformed| VerifyError::Invalid)
    }

    async fn key(&self, kid: &str) -> Result<DecodingKey, VerifyError> {
        if let Some(key) = self.known_key(kid) {
            return Ok(key);
        }
        let mut last_fetch = self.last_fetch.lock().await;
        if let Some(key) = self.known_key(kid) {
            return Ok(key);
        }
        if last_fetch.is_none_or(|at| at.elapsed() >= KEYS_AGAIN_AFTER) {
            *last_fetch = Some(Instant::now());
            if let Err(error) = self.fetch_keys().await {
                tracing::warn!(cause = %error, "the keys of access tokens could not be fetched");
            }
        }
        let none_known = self
            .keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty();
        self.known_key(kid).ok_or(if none_known {
            VerifyError::Unavailable
        } else {
            VerifyError::Invalid
        })
    }

    fn known_key(&self, kid: &str) -> Option<DecodingKey> {
        self.keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(kid)
            .cloned()
    }

    /// Fetches the public keys and takes them in place of the old ones; a failed fetch changes nothing.
    ///
    /// # Errors
    /// When the source does not answer, or answers without a usable key.
    pub async fn fetch_keys(&self) -> anyhow::Result<()> {
        let fetched = readable_keys(&self.key_source.fetch().await?);
        anyhow::ensure!(!fetched.is_empty(), "no usable key in the set");
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let withdrawn = keys.keys().any(|kid| !fetched.contains_key(kid));
        *keys = fetched;
        if withdrawn {
            // A token verified under a key that was withdrawn must not live on in the cache.
            self.verified.invalidate_all();
        }
        Ok(())
    }

    /// Keeps keys and revocations fresh until the process ends. Run it as a task of its own.
    pub async fn follow(self: Arc<Self>) {
        let mut as_of = None;
        let mut keys_at = None;
        let mut known_problem = String::new();
        loop {
            let keys = self.follow_keys(&mut keys_at).await;
            let revocations = self.follow_revocations(&mut as_of).await;
            let problem = keys
                .and(revocations)
                .err()
                .map_or_else(String::new, |e| format!("{e:#}"));
            // Each trouble is told once, not with every poll.
            if problem != known_problem {
                match problem.as_str() {
                    "" => tracing::info!("keys and revocations are up to date"),
                    cause => tracing::warn!(cause, "keys or revocations could not be fetched"),
                }
                known_problem = problem;
            }
            // Until the first load nothing can be served, so ask more often.
            let pause = if self.is_ready() {
                self.settings.poll
            } else {
                POLL_UNTIL_READY
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.news.notified() => {}
            }
        }
    }

    async fn follow_keys(&self, fetched_at: &mut Option<Instant>) -> anyhow::Result<()> {
        if fetched_at.is_none_or(|at| at.elapsed() >= KEYS_EVERY) {
            self.fetch_keys().await?;
            *fetched_at = Some(Instant::now());
        }
        Ok(())
    }

    async fn follow_revocations(&self, as_of: &mut Option<DateTime<Utc>>) -> anyhow::Result<()> {
        *as_of = Some(
            self.revoked
                .catch_up(self.revocation_source.as_ref(), *as_of)
                .await?,
        );
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = true;
        Ok(())
    }
}

fn readable_keys(set: &JwkSet) -> HashMap<String, DecodingKey> {
    set.keys
        .iter()
        .filter_map(|jwk| {
            let kid = jwk.common.key_id.clone()?;
            Some((kid, DecodingKey::from_jwk(jwk).ok()?))
        })
        .collect()
}
