//! The wiring: settings in, a running service out.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::App;
use actix_web::middleware::Compress;
use actix_web::web::Data;
use anyhow::Context as _;
use common::Clock;
use common::auth::{ServiceTokens, TokenVerifier};
use common::crypto::Sealer;
use common::database::Database;
use common::health::Readiness;
use common::listen::{self, Listeners};
use common::metrics::Metrics;
use common::rate_limit::Limiter;
use common::redis::Redis;
use common::request_scope::RequestScope;
use common::server::{self, ServerOptions};
use common::service::Only;
use common::unmatched;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use messaging::EventPath;
use messaging::broadcast::Broadcasts;
use tokio_util::sync::CancellationToken;

use crate::app::counters::Counters;
use crate::clients::personal_data::Holders;
use crate::config::Settings;
use crate::consumers::ConsumerState;
use crate::hashing::Hasher;
use crate::keys::SigningKeys;
use crate::store::migrations;
use crate::{SERVICE, app, consumers, routes};

/// The service's migrations, embedded: `migrate` runs them, a serving process only checks that they were run.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/auth");

/// What use cases work with.
pub struct AppState {
    pub(crate) settings: Settings,
    pub(crate) db: Database,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limiter: Limiter,
    pub(crate) hasher: Hasher,
    /// Seals personal data, and indexes it blindly.
    pub(crate) pii: Sealer,
    /// Seals signing keys and short-lived secrets.
    pub(crate) file_sealer: Arc<Sealer>,
    pub(crate) keys: SigningKeys,
    pub(crate) verifier: Arc<TokenVerifier>,
    pub(crate) counters: Counters,
    /// The services that hold personal data beside this one.
    pub(crate) holders: Holders,
}

/// The service, bound to its ports and not yet running.
pub struct Application {
    state: Data<AppState>,
    service_tokens: Data<ServiceTokens>,
    events: EventPath,
    listeners: Listeners,
    metrics: Metrics,
    shutdown: CancellationToken,
}

impl Application {
    /// Connects nothing yet: pools connect when first used, so that the service starts while its database is away.
    ///
    /// # Errors
    /// When a key is malformed or a port is taken.
    pub fn build(settings: Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let metrics = Metrics::new(SERVICE.name)?;
        let db = Database::connect(&settings.database);
        db.show_in(&metrics)?;
        let file_sealer = Arc::new(Sealer::with_key("file", &settings.file_key)?);
        let keys = SigningKeys::new(db.clone(), Arc::clone(&file_sealer), Arc::clone(&clock));
        let verifier = Arc::new(TokenVerifier::new(
            settings.tokens.clone(),
            Arc::clone(&clock),
            settings.telemetry.log_index()?,
            Box::new(keys.clone()),
            Box::new(app::list_revocations::OwnRevocations(db.clone())),
        ));
        let tokens = Arc::new(ServiceTokens::load(
            SERVICE.name,
            &settings.service_keys,
            Arc::clone(&clock),
        )?);
        let listeners = listen::listeners(&settings.http)?;
        let events = EventPath::new(
            SERVICE.name,
            settings.amqp.clone(),
            &settings.database,
            Arc::clone(&tokens),
            &metrics,
        )?;
        let state = AppState {
            limiter: Limiter::start(Redis::connect(&settings.redis)?),
            hasher: Hasher::start(settings.hashing.clone())?,
            pii: Sealer::from_key_file(&settings.pii_keys)?,
            counters: Counters::register(&metrics)?,
            holders: Holders::new(&settings.privacy, &tokens)?,
            settings,
            db,
            clock,
            file_sealer,
            keys,
            verifier,
        };
        let work = Arc::new(ConsumerState::of(&state));
        Ok(Self {
            state: Data::new(state),
            service_tokens: Data::from(tokens),
            events: events.consumers(consumers::all(work))?,
            listeners,
            metrics,
            shutdown: CancellationToken::new(),
        })
    }

    /// Where clients reach it.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        self.listeners
            .http
            .local_addr()
            .context("the HTTP socket has no address")
    }

    /// Where operators reach it.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn ops_address(&self) -> anyhow::Result<SocketAddr> {
        self.listeners
            .ops
            .local_addr()
            .context("the operations socket has no address")
    }

    /// Cancelling it stops the service as a signal does.
    #[must_use]
    pub fn shutdown_token(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// Serves until told to stop. `only` leaves out the timers, or everything but them.
    ///
    /// # Errors
    /// When a socket cannot be used.
    pub async fn run_until_stopped(self, only: Only) -> anyhow::Result<()> {
        let Self {
            state,
            service_tokens,
            events,
            listeners,
            metrics,
            shutdown,
        } = self;
        tokio::spawn(state.keys.clone().follow());
        tokio::spawn(Arc::clone(&state.verifier).follow());
        let broadcasts =
            Broadcasts::new(SERVICE.name, events.broker()).revocations(&state.verifier);
        tokio::spawn(broadcasts.run(shutdown.clone()));
        let replayer = Data::new(events.replayer());
        let declared = events.declared();
        let mut working = None;
        if only != Only::Http {
            tokio::spawn(app::sweep::run(
                state.clone().into_inner(),
                shutdown.clone(),
            ));
            tokio::spawn(app::export_data::run(
                state.clone().into_inner(),
                shutdown.clone(),
            ));
            working = Some(tokio::spawn(events.run(shutdown.clone())));
        }
        let options = ServerOptions {
            settings: state.settings.http.clone(),
            listeners,
            readiness: if only == Only::Work {
                readiness(&state).check("queues", move || {
                    let is_declared = declared();
                    async move {
                        is_declared
                            .then_some(())
                            .ok_or("not declared yet".to_owned())
                    }
                })
            } else {
                readiness(&state)
            },
            metrics: metrics.clone(),
            shutdown,
        };
        let serves_http = only != Only::Work;
        let verifier = Data::from(Arc::clone(&state.verifier));
        let fallback = unmatched::fallback(&routes::openapi());
        server::run(options, move || {
            App::new()
                .wrap(Compress::default())
                .wrap(RequestScope::new(metrics.clone()))
                .configure(common::extract::defaults)
                .app_data(state.clone())
                .app_data(verifier.clone())
                .app_data(service_tokens.clone())
                .app_data(replayer.clone())
                .configure(fallback.clone())
                .configure(|config| {
                    if serves_http {
                        routes::served::configure(config);
                    }
                })
        })
        .await?;
        // An event that is being applied is finished, and so is a batch on its way to the broker.
        match working {
            Some(working) => working.await?,
            None => Ok(()),
        }
    }
}

fn readiness(state: &Data<AppState>) -> Readiness {
    let database = state.db.clone();
    let schema = state.db.clone();
    let keys = state.keys.clone();
    let verifier = Arc::clone(&state.verifier);
    Readiness::default()
        .check("database", move || {
            let db = database.clone();
            async move { db.ping().await.map_err(|error| error.to_string()) }
        })
        .check("migrations", move || {
            let db = schema.clone();
            async move { migrations::are_applied(&db, &MIGRATIONS).await }
        })
        .check("keys", move || {
            let ready = keys.is_ready();
            async move {
                if ready {
                    Ok(())
                } else {
                    Err("no signing key is loaded".to_owned())
                }
            }
        })
        .check("revocations", move || {
            let ready = verifier.is_ready();
            async move {
                if ready {
                    Ok(())
                } else {
                    Err("revocations are not loaded".to_owned())
                }
            }
        })
}
