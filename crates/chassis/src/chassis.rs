//! Putting a service together, and running it.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::App;
use actix_web::middleware::Compress;
use actix_web::web::{Data, ServiceConfig};
use anyhow::Context as _;
use common::Clock;
use common::auth::{HttpKeySource, HttpRevocationSource, ServiceTokens, TokenVerifier};
use common::client::{Sibling, http_client};
use common::database::{Database, DatabaseSettings};
use common::health::Readiness;
use common::listen::{self, Listeners};
use common::metrics::Metrics;
use common::request_scope::RequestScope;
use common::server::{self, HttpSettings, ServerOptions};
use common::service::Only;
use common::unmatched;
use diesel_migrations::EmbeddedMigrations;
use futures_util::future::BoxFuture;
use messaging::broadcast::Broadcasts;
use messaging::{Consumers, EventPath};
use tokio_util::sync::CancellationToken;
use url::Url;
use utoipa::openapi::OpenApi;

use crate::{ServiceSettings, readiness};

/// Connections for consumers and timers, apart from those of requests.
const WORK_POOL: u32 = 4;

/// A timer or worker of a service. It ends soon after the shutdown token is cancelled; what it had begun is finished.
pub type Job = BoxFuture<'static, ()>;

/// A service, bound to its ports and not yet running.
pub struct Chassis {
    name: &'static str,
    http: HttpSettings,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    db: Database,
    work_db: Database,
    client: reqwest::Client,
    tokens: Arc<ServiceTokens>,
    verifier: Arc<TokenVerifier>,
    events: EventPath,
    broadcasts: Broadcasts,
    readiness: Readiness,
    listeners: Listeners,
    shutdown: CancellationToken,
}

/// What is special about a service.
pub struct Parts<C> {
    /// The migrations that its schema needs.
    pub migrations: EmbeddedMigrations,
    /// Its document, for answering what matches no route.
    pub openapi: OpenApi,
    /// Adds what its handlers share, and its routes. Called once for each worker.
    pub routes: C,
    /// Its timers and workers; left out where only HTTP is served.
    pub jobs: Vec<Job>,
}

/// What a service believes others by.
pub struct Trust {
    /// The database pool of requests.
    pub db: Database,
    /// What it signs for calling others, and checks their tokens with.
    pub tokens: Arc<ServiceTokens>,
    /// Who checks access tokens.
    pub verifier: Arc<TokenVerifier>,
}

impl Chassis {
    /// Connects nothing yet: pools connect when first used, so that the service starts while its database is away.
    ///
    /// # Errors
    /// When a key is malformed or a port is taken.
    pub fn build(
        name: &'static str,
        settings: &ServiceSettings,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let keys = &settings.service_keys;
        let tokens = Arc::new(ServiceTokens::load(name, keys, Arc::clone(&clock))?);
        let auth_url = &settings.tokens.auth_url;
        let client = http_client()?;
        let auth = Sibling::new(
            "auth",
            auth_url.clone(),
            client.clone(),
            Arc::clone(&tokens),
        );
        let verifier = TokenVerifier::new(
            settings.tokens.clone(),
            Arc::clone(&clock),
            settings.telemetry.log_index()?,
            Box::new(HttpKeySource::new(auth_url, client)?),
            Box::new(HttpRevocationSource::new(auth)?),
        );
        let trust = Trust {
            db: Database::connect(&settings.database),
            tokens,
            verifier: Arc::new(verifier),
        };
        Self::trusting(name, settings, clock, trust)
    }

    /// The same for a service that knows keys and revocations from elsewhere: auth, which makes them.
    ///
    /// # Errors
    /// When a port is taken.
    pub fn trusting(
        name: &'static str,
        settings: &ServiceSettings,
        clock: Arc<dyn Clock>,
        trust: Trust,
    ) -> anyhow::Result<Self> {
        let Trust {
            db,
            tokens,
            verifier,
        } = trust;
        let metrics = Metrics::new(name)?;
        db.show_in(&metrics)?;
        let events = EventPath::new(
            name,
            settings.amqp.clone(),
            &settings.database,
            Arc::clone(&tokens),
            &metrics,
        )?;
        Ok(Self {
            name,
            http: settings.http.clone(),
            clock,
            db,
            work_db: Database::connect(&DatabaseSettings {
                pool: WORK_POOL,
                ..settings.database.clone()
            }),
            client: http_client()?,
            broadcasts: Broadcasts::new(name, events.broker()).revocations(&verifier),
            tokens,
            verifier,
            events,
            metrics,
            readiness: Readiness::default(),
            listeners: listen::listeners(&settings.http)?,
            shutdown: CancellationToken::new(),
        })
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The database pool of requests.
    #[must_use]
    pub fn db(&self) -> Database {
        self.db.clone()
    }

    /// The database pool of consumers and timers.
    #[must_use]
    pub fn work_db(&self) -> Database {
        self.work_db.clone()
    }

    /// What the process counts, for registering more.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Who checks access tokens.
    #[must_use]
    pub fn verifier(&self) -> Arc<TokenVerifier> {
        Arc::clone(&self.verifier)
    }

    /// What this service signs for calling others.
    #[must_use]
    pub fn tokens(&self) -> &Arc<ServiceTokens> {
        &self.tokens
    }

    /// Another service, for calling it.
    #[must_use]
    pub fn sibling(&self, name: &'static str, url: &Url) -> Sibling {
        let tokens = Arc::clone(&self.tokens);
        Sibling::new(name, url.clone(), self.client.clone(), tokens)
    }

    /// Adds what the service hears once for all its processes.
    ///
    /// # Errors
    /// When it hears what the subscription table does not give it, or does not hear what that gives it.
    pub fn consumers<S: Send + Sync + 'static>(
        self,
        consumers: Consumers<S>,
    ) -> anyhow::Result<Self> {
        let unheard: Vec<&str> = consumers.unheard().collect();
        anyhow::ensure!(
            unheard.is_empty(),
            "{unheard:?} are subscribed to and not consumed: nobody would read their queues"
        );
        let events = self.events.consumers(consumers)?;
        Ok(Self { events, ..self })
    }

    /// Adds what each of its processes hears for itself.
    #[must_use]
    pub fn broadcasts(self, add: impl FnOnce(Broadcasts) -> Broadcasts) -> Self {
        let broadcasts = add(self.broadcasts);
        Self { broadcasts, ..self }
    }

    /// Adds something that must hold before the service can serve.
    #[must_use]
    pub fn ready_when<F, Fut>(self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        let readiness = self.readiness.check(name, check);
        Self { readiness, ..self }
    }

    /// Where clients reach it.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        let address = self.listeners.http.local_addr();
        address.context("the HTTP socket has no address")
    }

    /// Where operators reach it.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn ops_address(&self) -> anyhow::Result<SocketAddr> {
        let address = self.listeners.ops.local_addr();
        address.context("the operations socket has no address")
    }

    /// Cancelling it stops the service as a signal does.
    #[must_use]
    pub fn shutdown_token(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// Serves until told to stop; then what was begun is finished. `only` leaves out consumers and jobs, or HTTP.
    ///
    /// # Errors
    /// When a socket cannot be used, or a job panicked.
    pub async fn run<C>(self, only: Only, parts: Parts<C>) -> anyhow::Result<()>
    where
        C: Fn(&mut ServiceConfig) + Clone + Send + 'static,
    {
        let Self {
            verifier,
            tokens,
            events,
            broadcasts,
            metrics,
            shutdown,
            ..
        } = self;
        tokio::spawn(Arc::clone(&verifier).follow());
        tokio::spawn(broadcasts.run(shutdown.clone()));
        let ready = readiness::with_database(self.readiness, &self.db, self.name, parts.migrations);
        let options = ServerOptions {
            settings: self.http,
            listeners: self.listeners,
            readiness: match only {
                Only::Work => readiness::with_queues(ready, events.declared()),
                Only::All | Only::Http => readiness::with_tokens(ready, &verifier),
            },
            metrics: metrics.clone(),
            shutdown: shutdown.clone(),
        };
        let replayer = Data::new(events.replayer());
        let mut working = Vec::new();
        let mut carrying = None;
        if only != Only::Http {
            working.extend(parts.jobs.into_iter().map(tokio::spawn));
            carrying = Some(tokio::spawn(events.run(shutdown)));
        }
        let serves_http = only != Only::Work;
        let (verifier, tokens) = (Data::from(verifier), Data::from(tokens));
        let fallback = unmatched::fallback(&parts.openapi);
        let routes = parts.routes;
        server::run(options, move || {
            App::new()
                .wrap(Compress::default())
                .wrap(RequestScope::new(metrics.clone()))
                .configure(common::extract::defaults)
                .app_data(verifier.clone())
                .app_data(tokens.clone())
                .app_data(replayer.clone())
                .configure(fallback.clone())
                .configure(|config| {
                    if serves_http {
                        routes(config);
                    }
                })
        })
        .await?;
        for job in working {
            job.await?;
        }
        match carrying {
            Some(carrying) => carrying.await?,
            None => Ok(()),
        }
    }
}
