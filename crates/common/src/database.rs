//! The PostgreSQL pool: bounded, fair, and honest about a database that is away.

mod error;

pub use error::{DbError, IsConflict, foreign_key_violation, unique_violation};

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::result::Error as DieselError;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::pooled_connection::bb8::{Pool, PooledConnection};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, SetupCallback,
};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::last_failure::LastFailure;
use crate::metrics::Metrics;
use crate::postgres::{Address, ConnectError};
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
    /// `DATABASE__URL`: the runtime role's connection string, as [`Address::parse`] reads it.
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
        let url = read.secret("database.url");
        if let (false, Err(error)) = (
            url.expose_secret().is_empty(),
            Address::parse(url.expose_secret()),
        ) {
            read.problem("database.url", format!("cannot be used: {error}"));
        }
        Self {
            url,
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
    last_failure: LastFailure,
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
    /// The connection has deadlines: a peer that vanished without a word is noticed within seconds.
    #[must_use]
    pub fn connect(settings: &DatabaseSettings) -> Self {
        let mut config = ManagerConfig::default();
        // The default asks the server `SELECT 1` at each check-out, which doubles the round trips of short queries.
        config.recycling_method = RecyclingMethod::Fast;
        let address = Address::parse(settings.url.expose_secret());
        let statements = Statements::default();
        let last_failure = LastFailure::default();
        config.custom_setup = setup(address, statements.clone(), last_failure.clone());
        let manager = AsyncDieselConnectionManager::new_with_config("", config);
        let pool = Pool::builder()
            .max_size(settings.pool)
            .min_idle(Some(0))
            .test_on_check_out(true)
            .connection_timeout(settings.acquire)
            .retry_connection(true)
            .error_sink(Box::new(last_failure.clone()))
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
            last_failure,
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
            .map_err(|error| DbError::Unavailable(self.last_failure.explain(error)))?;
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

/// Makes the connections of a pool. What is wrong with its address is told to whoever wants one.
fn setup(
    address: Result<Address, ConnectError>,
    statements: Statements,
    last_failure: LastFailure,
) -> SetupCallback<AsyncPgConnection> {
    let address = address.map_err(|error| error.to_string());
    Box::new(move |_url| {
        let (address, counted) = (address.clone(), statements.clone());
        let last_failure = last_failure.clone();
        Box::pin(async move {
            let address = address.map_err(ConnectionError::BadConnection)?;
            let mut connection = open(&address).await?;
            last_failure.forget();
            connection.set_instrumentation(counted);
            Ok(connection)
        })
    })
}

/// Makes a connection that is in no pool, to where a connection string leads: see [`Address::parse`].
///
/// # Errors
/// When there is none, with the reason.
pub async fn establish(url: &str) -> ConnectionResult<AsyncPgConnection> {
    open(&Address::parse(url)?).await
}

async fn open(address: &Address) -> ConnectionResult<AsyncPgConnection> {
    let (client, driver) = address.connect().await?;
    AsyncPgConnection::try_from_client_and_connection(client, driver).await
}

impl From<ConnectError> for ConnectionError {
    fn from(error: ConnectError) -> Self {
        Self::BadConnection(error.to_string())
    }
}
