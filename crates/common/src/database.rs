//! The PostgreSQL pool: bounded, fair, and honest about a database that is away.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::pooled_connection::bb8::{Pool, PooledConnection};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::ApiError;
use crate::metrics::Metrics;
use crate::settings::Reader;

/// Connections of a pool, unless told otherwise.
const POOL: u32 = 8;
/// How long a connection may be waited for, unless told otherwise.
const ACQUIRE: Duration = Duration::from_secs(1);
/// How long a command waits for one.
const COMMANDS_ACQUIRE: Duration = Duration::from_secs(30);

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    /// `DATABASE__URL`: the runtime role's connection string.
    pub url: SecretString,
    /// `DATABASE__POOL` (8): connections of this pool.
    pub pool: u32,
    /// `DATABASE__ACQUIRE_MS` (1000): how long a request waits for a connection before it gets 503.
    pub acquire: Duration,
}

impl DatabaseSettings {
    /// A database at `url`, with the usual pool.
    #[must_use]
    pub fn new(url: impl Into<SecretString>) -> Self {
        Self {
            url: url.into(),
            pool: POOL,
            acquire: ACQUIRE,
        }
    }

    /// Reads the group.
    pub fn read(read: &mut Reader) -> Self {
        Self {
            url: read.secret("database.url"),
            pool: read.number("database.pool", POOL, 1, 200),
            acquire: read.millis("database.acquire_ms", ACQUIRE),
        }
    }
}

/// A pool of connections. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    pool: Pool<AsyncPgConnection>,
    permits: Arc<Semaphore>,
    acquire: Duration,
    max: i64,
    statements: Statements,
}

/// How many statements the connections of a pool were asked.
#[derive(Clone, Default)]
struct Statements(Arc<AtomicU64>);

impl Instrumentation for Statements {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { .. } = event {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Database {
    /// A pool that connects when first used, so that a service starts while its database is away.
    ///
    /// The connection string gets deadlines: a peer that vanished without a word is noticed within seconds.
    #[must_use]
    pub fn connect(settings: &DatabaseSettings) -> Self {
        let mut config = ManagerConfig::default();
        // The default asks the server `SELECT 1` at each check-out, which doubles the round trips of short queries.
        config.recycling_method = RecyclingMethod::Fast;
        let statements = Statements::default();
        let counted = statements.clone();
        config.custom_setup = Box::new(move |url| {
            let (url, counted) = (url.to_owned(), counted.clone());
            Box::pin(async move {
                let mut connection = AsyncPgConnection::establish(&url).await?;
                connection.set_instrumentation(counted);
                Ok(connection)
            })
        });
        let url = with_deadlines(settings.url.expose_secret());
        let manager = AsyncDieselConnectionManager::new_with_config(url, config);
        let pool = Pool::builder()
            .max_size(settings.pool)
            .min_idle(Some(0))
            .test_on_check_out(true)
            .connection_timeout(settings.acquire)
            .retry_connection(true)
            .build_unchecked(manager);
        let permits = Arc::new(Semaphore::new(
            usize::try_from(settings.pool).unwrap_or(usize::MAX >> 4),
        ));
        Self {
            pool,
            permits,
            acquire: settings.acquire,
            max: settings.pool.into(),
            statements,
        }
    }

    /// The same for commands: nobody waits for an answer, and the server may be starting or busy, so they do not give up soon.
    #[must_use]
    pub fn connect_patiently(settings: &DatabaseSettings) -> Self {
        Self::connect(&DatabaseSettings {
            acquire: COMMANDS_ACQUIRE,
            ..settings.clone()
        })
    }

    /// Takes a connection, waiting in turn for at most the acquire time.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when none came free or none could be made.
    pub async fn get(&self) -> Result<Connection<'_>, DbError> {
        // bb8 serves whoever asks next; the semaphore in front makes waiting first come, first served.
        let waiting = Arc::clone(&self.permits).acquire_owned();
        let permit = tokio::time::timeout(self.acquire, waiting)
            .await
            .map_err(|_elapsed| DbError::Unavailable("no connection came free in time".into()))?
            .map_err(|closed| DbError::Unavailable(closed.to_string()))?;
        let inner = self
            .pool
            .get()
            .await
            .map_err(|error| DbError::Unavailable(error.to_string()))?;
        Ok(Connection {
            inner,
            _permit: permit,
        })
    }

    /// Asks the database for nothing, to learn whether it answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), DbError> {
        let mut connection = self.get().await?;
        connection
            .batch_execute("SELECT 1")
            .await
            .map_err(DbError::from)
    }

    /// Shows the pool as `db_pool_connections{state="idle|used"}` and `db_pool_connections_max`, and the statements that its
    /// connections were asked as `db_statements`.
    ///
    /// # Errors
    /// When another pool of this process is shown already.
    pub fn show_in(&self, metrics: &Metrics) -> Result<(), prometheus::Error> {
        let help = "Connections of the database pool";
        let connections = metrics.gauge("db_pool_connections", help, &["state"])?;
        let max = metrics.gauge("db_pool_connections_max", "Connections it may have", &[])?;
        max.with_label_values::<&str>(&[]).set(self.max);
        let asked = metrics.gauge("db_statements", "Statements asked since the start", &[])?;
        let (pool, statements) = (self.pool.clone(), self.statements.clone());
        metrics.sample_with(move || {
            let count = statements.0.load(Ordering::Relaxed);
            asked
                .with_label_values::<&str>(&[])
                .set(i64::try_from(count).unwrap_or(i64::MAX));
            let state = pool.state();
            let used = state.connections.saturating_sub(state.idle_connections);
            connections
                .with_label_values(&["idle"])
                .set(state.idle_connections.into());
            connections.with_label_values(&["used"]).set(used.into());
        });
        Ok(())
    }

    /// Runs `work` in a transaction, and again from the start when PostgreSQL chose it as the victim of a deadlock or a
    /// serialization conflict, three times at most. `work` must have no effect outside of the database.
    ///
    /// # Errors
    /// What `work` answers, or [`DbError::Unavailable`].
    pub async fn transaction<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'c> Fn(&'c mut AsyncPgConnection) -> BoxFuture<'c, Result<T, E>> + Send + Sync,
        T: Send,
        E: From<DbError> + From<DieselError> + IsConflict + Send,
    {
        let work = &work;
        let mut attempt = 0;
        loop {
            let mut connection = self.get().await?;
            let outcome = connection.transaction(async |c| work(c).await).await;
            drop(connection);
            match outcome {
                Err(error) if error.is_conflict() && attempt < 2 => {
                    attempt += 1;
                    let jitter = rand::random::<u64>() % 20;
                    tokio::time::sleep(Duration::from_millis(10 * attempt + jitter)).await;
                }
                other => return other,
            }
        }
    }
}

/// A connection on loan; it dereferences to diesel's.
pub struct Connection<'a> {
    inner: PooledConnection<'a, AsyncPgConnection>,
    _permit: OwnedSemaphorePermit,
}

impl Deref for Connection<'_> {
    type Target = AsyncPgConnection;
    fn deref(&self) -> &AsyncPgConnection {
        &self.inner
    }
}

impl DerefMut for Connection<'_> {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.inner
    }
}

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// It is away, overloaded, or gave up on a lock: the same request may succeed in a moment.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// It refused to serialize this transaction with another: run it again.
    #[error("the transaction lost against another: {0}")]
    Conflict(String),
    /// It answered with an error that is ours.
    #[error(transparent)]
    Query(DieselError),
}

/// Tells whether running the same transaction again may help.
pub trait IsConflict {
    /// Whether PostgreSQL sacrificed the transaction to another (SQLSTATE 40001, 40P01).
    fn is_conflict(&self) -> bool;
}

impl IsConflict for DbError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }
}

/// What PostgreSQL and tokio-postgres say when it is the connection or the server, not the statement, that failed.
const UNAVAILABLE: [&str; 12] = [
    "connection closed",
    "connection reset",
    "connection refused",
    "broken pipe",
    "error communicating with the server",
    "terminating connection",
    "the database system is",
    "lock timeout",
    "statement timeout",
    "too many clients",
    "remaining connection slots",
    "timed out",
];

impl From<DieselError> for DbError {
    fn from(error: DieselError) -> Self {
        let text = error.to_string();
        match &error {
            DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => {
                Self::Conflict(text)
            }
            DieselError::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
                _,
            )
            | DieselError::BrokenTransactionManager => Self::Unavailable(text),
            _ => {
                let lower = text.to_lowercase();
                if lower.contains("deadlock detected") {
                    Self::Conflict(text)
                } else if UNAVAILABLE.iter().any(|sign| lower.contains(sign)) {
                    Self::Unavailable(text)
                } else {
                    Self::Query(error)
                }
            }
        }
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(cause) | DbError::Conflict(cause) => {
                tracing::warn!(cause, "the database could not serve a request");
                Self::unavailable("the service is temporarily unavailable")
            }
            DbError::Query(error) => Self::internal(error),
        }
    }
}

/// The name of the unique constraint that an insert or update ran into.
#[must_use]
pub fn unique_violation(error: &DieselError) -> Option<&str> {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
            info.constraint_name()
        }
        _ => None,
    }
}

/// The name of the foreign key that an insert, update or removal ran into.
#[must_use]
pub fn foreign_key_violation(error: &DieselError) -> Option<&str> {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, info) => {
            info.constraint_name()
        }
        _ => None,
    }
}

/// Adds client-side deadlines to a connection string, where it sets none itself: connecting takes at most 2 s, and a
/// server that stopped acknowledging is given up after 5 s (tokio-postgres `Config`).
pub fn with_deadlines(url: &str) -> String {
    let mut out = url.to_owned();
    for (key, value) in [
        ("connect_timeout", "2"),
        ("tcp_user_timeout", "5"),
        ("keepalives_idle", "5"),
        ("keepalives_interval", "2"),
        ("keepalives_retries", "2"),
    ] {
        if !url.contains(key) {
            out.push(if out.contains('?') { '&' } else { '?' });
            out.push_str(key);
            out.push('=');
            out.push_str(value);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database_error(message: &str) -> DieselError {
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned()))
    }

    #[test]
    fn a_lost_server_is_told_apart_from_a_bad_statement() {
        for message in [
            "terminating connection due to administrator command",
            "the database system is shutting down",
            "canceling statement due to lock timeout",
            "canceling statement due to statement timeout",
        ] {
            assert!(matches!(
                DbError::from(database_error(message)),
                DbError::Unavailable(_)
            ));
        }
        assert!(DbError::from(database_error("deadlock detected")).is_conflict());
        let bad = database_error("column \"x\" does not exist");
        assert!(matches!(DbError::from(bad), DbError::Query(_)));
    }

    #[test]
    fn deadlines_are_added_once() {
        let url = with_deadlines("postgres://auth@db/agape?connect_timeout=9");
        assert!(url.starts_with("postgres://auth@db/agape?connect_timeout=9&tcp_user_timeout=5"));
        assert_eq!(url.matches("connect_timeout").count(), 1);
    }
}
