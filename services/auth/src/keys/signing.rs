//! The keys in use, as the running service holds them.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use common::Clock;
use common::auth::{AccessClaims, KeySource, sign_access_token};
use common::crypto::Sealer;
use common::database::Database;
use diesel_async::AsyncConnection as _;
use jsonwebtoken::EncodingKey;
use jsonwebtoken::jwk::JwkSet;

use super::{RETIRED, private_key_place};
use crate::store::signing_keys::{self, KeyRow};

/// How often the stored keys are read again, so that all replicas change keys together.
const RELOAD_EVERY: Duration = Duration::from_secs(5);

/// The key that signs, and the set that is published.
struct Loaded {
    kid: String,
    key: EncodingKey,
    published: JwkSet,
}

/// Signs with the active key, held in memory; follows the stored keys. Cheap to clone.
#[derive(Clone)]
pub(crate) struct SigningKeys {
    db: Database,
    sealer: Arc<Sealer>,
    clock: Arc<dyn Clock>,
    loaded: Arc<RwLock<Option<Arc<Loaded>>>>,
}

impl SigningKeys {
    /// Knows no key until [`SigningKeys::reload`].
    pub(crate) fn new(db: Database, sealer: Arc<Sealer>, clock: Arc<dyn Clock>) -> Self {
        Self {
            db,
            sealer,
            clock,
            loaded: Arc::default(),
        }
    }

    /// Signs an access token.
    pub(crate) fn sign(&self, claims: &AccessClaims) -> anyhow::Result<String> {
        let loaded = self.current().context("no signing key is loaded")?;
        Ok(sign_access_token(claims, &loaded.kid, &loaded.key)?)
    }

    /// The keys that tokens may be signed with now or soon.
    pub(crate) fn published(&self) -> Option<JwkSet> {
        self.current().map(|loaded| loaded.published.clone())
    }

    /// Whether there is a key to sign with.
    pub(crate) fn is_ready(&self) -> bool {
        self.current().is_some()
    }

    fn current(&self) -> Option<Arc<Loaded>> {
        self.loaded
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Promotes a key that is due, removes those whose tokens are gone, and takes the active one into use.
    pub(crate) async fn reload(&self) -> anyhow::Result<()> {
        let now = self.clock.now();
        let mut conn = self.db.get().await?;
        let mut keys = signing_keys::list(&mut conn).await?;
        let is_due = |key: &KeyRow| {
            (key.state == "pending" && key.promote_at <= now)
                || key.retire_at.is_some_and(|at| at <= now)
        };
        if keys.iter().any(is_due) {
            keys = conn
                .transaction(async |conn| {
                    signing_keys::lock(conn).await?;
                    if signing_keys::promote_due(conn, now, now + RETIRED).await? {
                        tracing::info!("the next signing key is in use");
                    }
                    signing_keys::delete_expired(conn, now).await?;
                    signing_keys::list(conn).await
                })
                .await?;
        }
        drop(conn);
        self.take(&keys)
    }

    fn take(&self, keys: &[KeyRow]) -> anyhow::Result<()> {
        let active = keys
            .iter()
            .find(|key| key.state == "active")
            .context("there is no signing key; make one with `auth keys ensure`")?;
        let published = published(keys)?;
        let key = match self.current() {
            Some(loaded) if loaded.kid == active.kid => loaded.key.clone(),
            _ => {
                let place = private_key_place(&active.kid);
                let private_key = self.sealer.open(place, &active.private_key_ct)?;
                EncodingKey::from_rsa_der(&private_key)
            }
        };
        let loaded = Loaded {
            kid: active.kid.clone(),
            key,
            published,
        };
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(loaded));
        Ok(())
    }

    /// Reloads for ever. Run it as a task of its own.
    pub(crate) async fn follow(self) {
        let mut was_failing = false;
        loop {
            let outcome = self.reload().await;
            match &outcome {
                Err(error) if !was_failing => {
                    tracing::warn!(cause = %error, "the signing keys could not be read; trying again");
                }
                _ => {}
            }
            was_failing = outcome.is_err();
            let pause = if self.is_ready() {
                RELOAD_EVERY
            } else {
                Duration::from_millis(100)
            };
            tokio::time::sleep(pause).await;
        }
    }
}

fn published(keys: &[KeyRow]) -> anyhow::Result<JwkSet> {
    let keys = keys
        .iter()
        .map(|key| {
            serde_json::from_value(key.public_jwk.clone()).context("a stored key is malformed")
        })
        .collect::<anyhow::Result<_>>()?;
    Ok(JwkSet { keys })
}

/// This service checks tokens as every other does, except that it need not ask itself over HTTP.
#[async_trait]
impl KeySource for SigningKeys {
    async fn fetch(&self) -> anyhow::Result<JwkSet> {
        let mut conn = self.db.get().await?;
        published(&signing_keys::list(&mut conn).await?)
    }
}
