//! The Redis pool. Nothing in Redis may be missed: whoever uses it has an answer for its absence.

use std::fmt::Display;
use std::time::Duration;

use ::redis::{Client, FromRedisValue, RedisError, TlsCertificates};
use bb8_redis::RedisConnectionManager;
use bb8_redis::bb8::{Pool, PooledConnection};
use secrecy::{ExposeSecret as _, SecretString};

use crate::last_failure::LastFailure;
use crate::settings::Reader;

/// Connections, unless told otherwise.
const POOL: u32 = 2;
/// How long one call may take, unless told otherwise.
const DEADLINE: Duration = Duration::from_millis(50);

/// How to reach Redis.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// `REDIS__URL`: `redis://user:password@host:port/database`, or `rediss://` for an encrypted connection.
    pub url: SecretString,
    /// `REDIS__CA_FILE`: the authorities, in PEM, that an encrypted connection's server is checked by; the system's unless named.
    pub authorities: Option<String>,
    /// `REDIS__POOL` (2): connections; each carries many requests at a time.
    pub pool: u32,
    /// `REDIS__DEADLINE_MS` (50): how long one call may take, connection included.
    pub deadline: Duration,
}

impl RedisSettings {
    /// A Redis at `url`, with the usual pool and deadline.
    #[must_use]
    pub fn new(url: impl Into<SecretString>) -> Self {
        Self {
            url: url.into(),
            authorities: None,
            pool: POOL,
            deadline: DEADLINE,
        }
    }

    /// Reads the group.
    pub fn read(read: &mut Reader) -> Self {
        Self {
            url: read.secret("redis.url"),
            authorities: read.authorities("redis.ca_file"),
            pool: read.number("redis.pool", POOL, 1, 64),
            deadline: read.millis("redis.deadline_ms", DEADLINE),
        }
    }
}

/// Why Redis did not answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The URL cannot be used.
    #[error("the Redis URL is not valid: {0}")]
    Url(RedisError),
    /// It did not answer within the deadline, or not at all.
    #[error("Redis is not available: {0}")]
    Unavailable(String),
}

/// A pool of Redis connections. Cheap to clone.
#[derive(Clone)]
pub struct Redis {
    pool: Pool<RedisConnectionManager>,
    deadline: Duration,
    last_failure: LastFailure,
}

fn manager(settings: &RedisSettings) -> Result<RedisConnectionManager, RedisError> {
    let url = settings.url.expose_secret();
    let Some(pem) = &settings.authorities else {
        return RedisConnectionManager::new(url);
    };
    let trusted = TlsCertificates {
        client_tls: None,
        root_cert: Some(pem.clone().into_bytes()),
    };
    let client = Client::build_with_tls(url, trusted)?;
    RedisConnectionManager::new(client.get_connection_info().clone())
}

impl Redis {
    /// A pool that connects when first used.
    ///
    /// # Errors
    /// [`CallError::Url`] when the URL is malformed.
    pub fn connect(settings: &RedisSettings) -> Result<Self, CallError> {
        let manager = manager(settings).map_err(CallError::Url)?;
        // The check-out PING stays on: a multiplexed connection does not reconnect by itself, and the pool would
        // otherwise keep a dead one for ever.
        let last_failure = LastFailure::default();
        let pool = Pool::builder()
            .max_size(settings.pool)
            .min_idle(Some(0))
            .connection_timeout(settings.deadline)
            .error_sink(Box::new(last_failure.clone()))
            .build_unchecked(manager);
        Ok(Self {
            pool,
            last_failure,
            deadline: settings.deadline,
        })
    }

    /// Sends one command and reads its answer, within the deadline.
    ///
    /// # Errors
    /// [`CallError::Unavailable`].
    pub async fn call<T: FromRedisValue>(&self, command: &::redis::Cmd) -> Result<T, CallError> {
        self.within_deadline(async {
            let mut connection = self.connection().await?;
            command
                .query_async(&mut *connection)
                .await
                .map_err(unavailable)
        })
        .await
    }

    /// Runs a script, loading it when the server does not know it yet.
    ///
    /// # Errors
    /// [`CallError::Unavailable`].
    pub async fn run<T: FromRedisValue>(
        &self,
        script: &::redis::ScriptInvocation<'_>,
    ) -> Result<T, CallError> {
        self.within_deadline(async {
            let mut connection = self.connection().await?;
            script
                .invoke_async(&mut *connection)
                .await
                .map_err(unavailable)
        })
        .await
    }

    async fn connection(&self) -> Result<PooledConnection<'_, RedisConnectionManager>, CallError> {
        let connection = self.pool.get().await;
        let connection =
            connection.map_err(|error| unavailable(self.last_failure.explain(error)))?;
        self.last_failure.forget();
        Ok(connection)
    }

    async fn within_deadline<T>(
        &self,
        work: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        tokio::time::timeout(self.deadline, work)
            .await
            .map_err(|_elapsed| unavailable(self.last_failure.or("no answer in time")))?
    }
}

fn unavailable(why: impl Display) -> CallError {
    CallError::Unavailable(why.to_string())
}
