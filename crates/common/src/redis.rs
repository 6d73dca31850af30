//! The Redis pool. Nothing in Redis may be missed: whoever uses it has an answer for its absence.

use std::time::Duration;

use ::redis::{FromRedisValue, RedisError};
use bb8_redis::RedisConnectionManager;
use bb8_redis::bb8::Pool;
use secrecy::{ExposeSecret as _, SecretString};

use crate::settings::Reader;

/// How to reach Redis.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// `REDIS__URL`.
    pub url: SecretString,
    /// `REDIS__POOL` (2): connections; each carries many requests at a time.
    pub pool: u32,
    /// `REDIS__DEADLINE_MS` (50): how long one call may take, connection included.
    pub deadline: Duration,
}

impl RedisSettings {
    /// Reads the group.
    pub fn read(read: &mut Reader) -> Self {
        Self {
            url: read.secret("redis.url"),
            pool: read.number("redis.pool", 2, 1, 64),
            deadline: read.millis("redis.deadline_ms", Duration::from_millis(50)),
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
}

impl Redis {
    /// A pool that connects when first used.
    ///
    /// # Errors
    /// [`CallError::Url`] when the URL is malformed.
    pub fn connect(settings: &RedisSettings) -> Result<Self, CallError> {
        let manager =
            RedisConnectionManager::new(settings.url.expose_secret()).map_err(CallError::Url)?;
        // The check-out PING stays on: a multiplexed connection does not reconnect by itself, and the pool would
        // otherwise keep a dead one for ever.
        let pool = Pool::builder()
            .max_size(settings.pool)
            .min_idle(Some(0))
            .connection_timeout(settings.deadline)
            .build_unchecked(manager);
        Ok(Self {
            pool,
            deadline: settings.deadline,
        })
    }

    /// Sends one command and reads its answer, within the deadline.
    ///
    /// # Errors
    /// [`CallError::Unavailable`].
    pub async fn call<T: FromRedisValue>(&self, command: &::redis::Cmd) -> Result<T, CallError> {
        let work = async {
            let mut connection = self
                .pool
                .get()
                .await
                .map_err(|e| CallError::Unavailable(e.to_string()))?;
            command
                .query_async(&mut *connection)
                .await
                .map_err(|e| CallError::Unavailable(e.to_string()))
        };
        tokio::time::timeout(self.deadline, work)
            .await
            .map_err(|_elapsed| CallError::Unavailable("no answer in time".into()))?
    }

    /// Runs a script, loading it when the server does not know it yet.
    ///
    /// # Errors
    /// [`CallError::Unavailable`].
    pub async fn run<T: FromRedisValue>(
        &self,
        script: &::redis::ScriptInvocation<'_>,
    ) -> Result<T, CallError> {
        let work = async {
            let mut connection = self
                .pool
                .get()
                .await
                .map_err(|e| CallError::Unavailable(e.to_string()))?;
            script
                .invoke_async(&mut *connection)
                .await
                .map_err(|e| CallError::Unavailable(e.to_string()))
        };
        tokio::time::timeout(self.deadline, work)
            .await
            .map_err(|_elapsed| CallError::Unavailable("no answer in time".into()))?
    }
}
