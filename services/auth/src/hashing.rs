//! Password hashing in a bounded pool: a hash takes 19 MiB and some 40 ms of a core, so that a rush of logins must
//! neither eat the memory nor starve everything else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use common::crypto::{CryptoError, random_bytes};
use common::settings::Reader;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::password::Password;

/// OWASP's first choice for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How much hashing goes on at once, and how much may wait.
#[derive(Debug, Clone)]
pub struct HashingSettings {
    /// `HASHING__AT_ONCE` (2): hashes computed at the same time, each on a thread of its own with 19 MiB.
    pub at_once: usize,
    /// `HASHING__WAITING` (100): requests that may wait for a turn; more are answered 503 at once.
    pub waiting: usize,
    /// `HASHING__WAIT_MS` (3000): how long one waits before it is answered 503.
    pub wait: Duration,
}

impl HashingSettings {
    /// Reads the group.
    pub fn read(read: &mut Reader) -> Self {
        Self {
            at_once: read.number("hashing.at_once", 2, 1, 64),
            waiting: read.number("hashing.waiting", 100, 0, 10_000),
            wait: read.millis("hashing.wait_ms", Duration::from_secs(3)),
        }
    }
}

/// Why no hash came of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashingError {
    /// More logins than this process can check; try again shortly.
    #[error("too many passwords are being checked")]
    Busy,
    /// A stored hash that cannot be read, or an algorithm that failed.
    #[error("hashing failed: {0}")]
    Failed(String),
}

/// The pool. Cheap to clone.
#[derive(Clone)]
pub struct Hasher {
    turns: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    settings: HashingSettings,
    /// A hash that no password has: checking against it takes as long as against a real one.
    decoy: Arc<str>,
}

impl Hasher {
    /// An idle pool.
    ///
    /// # Errors
    /// When the system gives no randomness for the decoy.
    pub fn start(settings: HashingSettings) -> anyhow::Result<Self> {
        let decoy = decoy()?;
        Ok(Self {
            turns: Arc::new(Semaphore::new(settings.at_once)),
            waiting: Arc::default(),
            settings,
            decoy: decoy.into(),
        })
    }

    /// Hashes a new password to a PHC string with a salt of its own.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, HashingError> {
        self.run(move || hash_now(password.as_bytes())).await
    }

    /// Whether a password is the one that was hashed. Without a hash the decoy is checked, which takes as long and
    /// answers `false`.
    pub(crate) async fn verify(
        &self,
        password: Option<Password>,
        hash: Option<&str>,
    ) -> Result<bool, HashingError> {
        let is_real = hash.is_some() && password.is_some();
        let hash = hash.unwrap_or(&self.decoy).to_owned();
        let matches = self
            .run(move || verify_now(password.as_ref().map_or(b"", Password::as_bytes), &hash))
            .await?;
        Ok(matches && is_real)
    }

    /// Takes a turn and computes on a thread that may block.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) -> Result<T, HashingError> {
        let turn = self.turn().await?;
        let done = tokio::task::spawn_blocking(move || {
            // Held until the work ends: a client that hangs up does not make room for another hash meanwhile.
            let _turn = turn;
            work()
        });
        done.await
            .map_err(|panicked| HashingError::Failed(panicked.to_string()))?
            .map_err(HashingError::Failed)
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, HashingError> {
        if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(turn);
        }
        let _place = Place::take(&self.waiting, self.settings.waiting).ok_or(HashingError::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned();
        match tokio::time::timeout(self.settings.wait, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(HashingError::Busy),
        }
    }
}

/// A place in the queue, given back when dropped, also when the request is given up.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(count: &'a AtomicUsize, most: usize) -> Option<Self> {
        let taken = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
            (n < most).then_some(n + 1)
        });
        taken.is_ok().then_some(Self(count))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn argon2() -> Result<Argon2<'static>, String> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|e| e.to_string())?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Random bytes in the form of a hash: it costs nothing to make, and as much as any to check against.
fn decoy() -> Result<String, CryptoError> {
    let (salt, hash) = (random_bytes()?, random_bytes()?);
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    Ok(format!(
        "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}"
    ))
}

fn hash_now(password: &[u8]) -> Result<String, String> {
    Ok(argon2()?
        .hash_password(password)
        .map_err(|e| e.to_string())?
        .to_string())
}

fn verify_now(password: &[u8], hash: &str) -> Result<bool, String> {
    let hash = PasswordHash::new(hash).map_err(|e| e.to_string())?;
    match argon2()?.verify_password(password, &hash) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(at_once: usize, waiting: usize, wait_ms: u64) -> Hasher {
        let wait = Duration::from_millis(wait_ms);
        Hasher::start(HashingSettings {
            at_once,
            waiting,
            wait,
        })
        .unwrap()
    }

    fn password(text: &str) -> Password {
        Password::offered(text).unwrap()
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let hasher = hasher(2, 10, 5_000);
        let hash = hasher.hash(password("Tr0ub4dor&3x")).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(
            hasher
                .verify(Some(password("Tr0ub4dor&3x")), Some(&hash))
                .await
                .unwrap()
        );
        assert!(
            !hasher
                .verify(Some(password("Tr0ub4dor&3y")), Some(&hash))
                .await
                .unwrap()
        );
        assert!(
            !hasher
                .verify(Some(password("Tr0ub4dor&3x")), None)
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn nothing_of_a_long_password_is_cut_off() {
        let hasher = hasher(2, 10, 5_000);
        let hash = hasher
            .hash(password(&format!("{}a", "p".repeat(72))))
            .await
            .unwrap();
        let other = password(&format!("{}b", "p".repeat(72)));
        assert!(!hasher.verify(Some(other), Some(&hash)).await.unwrap());
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_a_long_wait_in_time() {
        let full = hasher(1, 0, 5_000);
        let _turn = full.turn().await.unwrap();
        assert!(matches!(
            full.hash(password("Tr0ub4dor&3x")).await,
            Err(HashingError::Busy)
        ));

        let slow = hasher(1, 5, 20);
        let _turn = slow.turn().await.unwrap();
        assert!(matches!(
            slow.hash(password("Tr0ub4dor&3x")).await,
            Err(HashingError::Busy)
        ));
        assert_eq!(slow.waiting.load(Ordering::Relaxed), 0);
    }
}
