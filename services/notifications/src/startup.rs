//! The wiring: settings in, a running service out.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::App;
use actix_web::middleware::Compress;
use actix_web::web::Data;
use anyhow::Context as _;
use common::Clock;
use common::auth::{HttpKeySource, HttpRevocationSource, ServiceTokens, TokenVerifier};
use common::client::{Sibling, http_client, provider_client};
use common::crypto::Sealer;
use common::database::{Database, DatabaseSettings};
use common::health::Readiness;
use common::listen::{self, Listeners};
use common::metrics::Metrics;
use common::request_scope::RequestScope;
use common::server::{self, ServerOptions};
use common::service::Only;
use common::unmatched;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use messaging::EventPath;
use messaging::broadcast::Broadcasts;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::app::counters::Counters;
use crate::app::pace::Pace;
use crate::clients::auth_mails::AuthMails;
use crate::clients::provider::MailProvider;
use crate::clients::resend::Resend;
use crate::config::Settings;
use crate::render::Renderer;
use crate::store::migrations;
use crate::{SERVICE, app, consumers, routes};

/// The service's migrations, embedded: `migrate` runs them, a serving process only checks that they were run.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/notifications");

/// Connections for consumers and senders, apart from those of requests.
const WORK_POOL: u32 = 4;

/// What use cases work with.
pub struct AppState {
    pub(crate) settings: Settings,
    /// For requests.
    pub(crate) db: Database,
    /// For consumers, senders and timers.
    pub(crate) work_db: Database,
    pub(crate) clock: Arc<dyn Clock>,
    /// Seals addresses and mails, and indexes addresses blindly.
    pub(crate) pii: Sealer,
    pub(crate) auth_mails: AuthMails,
    pub(crate) provider: Box<dyn MailProvider>,
    pub(crate) renderer: Renderer,
    pub(crate) pace: Pace,
    /// Tells the sender of this process that something is due.
    pub(crate) wake: Notify,
    pub(crate) counters: Counters,
}

/// The service, bound to its ports and not yet running.
pub struct Application {
    state: Arc<AppState>,
    verifier: Arc<TokenVerifier>,
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
    /// When a key or a template is malformed or a port is taken.
    pub fn build(settings: Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let metrics = Metrics::new(SERVICE.name)?;
        let tokens = Arc::new(ServiceTokens::load(
            SERVICE.name,
            &settings.service_keys,
            Arc::clone(&clock),
        )?);
        let auth = Sibling::new(
            "auth",
            settings.tokens.auth_url.clone(),
            http_client()?,
            Arc::clone(&tokens),
        );
        let verifier = Arc::new(verifier(&settings, &clock, &auth)?);
        let listeners = listen::listeners(&settings.http)?;
        let events = EventPath::new(
            SERVICE.name,
            settings.amqp.clone(),
            &settings.database,
            Arc::clone(&tokens),
            &metrics,
        )?;
        let state = Arc::new(state(settings, clock, auth, &metrics)?);
        Ok(Self {
            events: events.consumers(consumers::all(Arc::clone(&state)))?,
            state,
            verifier,
            service_tokens: Data::from(tokens),
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

    /// What use cases work with, for calling a consumer past the broker.
    #[must_use]
    pub fn state(&self) -> Arc<AppState> {
        Arc::clone(&self.state)
    }

    /// Cancelling it stops the service as a signal does.
    #[must_use]
    pub fn shutdown_token(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// Serves until told to stop. `only` leaves out consumers, senders and timers, or everything but them.
    ///
    /// # Errors
    /// When a socket cannot be used.
    pub async fn run_until_stopped(self, only: Only) -> anyhow::Result<()> {
        let Self {
            state,
            verifier,
            service_tokens,
            events,
            listeners,
            metrics,
            shutdown,
        } = self;
        tokio::spawn(Arc::clone(&verifier).follow());
        let broadcasts = Broadcasts::new(SERVICE.name, events.broker()).revocations(&verifier);
        tokio::spawn(broadcasts.run(shutdown.clone()));
        let replayer = Data::new(events.replayer());
        let options = ServerOptions {
            settings: state.settings.http.clone(),
            listeners,
            readiness: readiness(&state, &verifier, &events, only),
            metrics: metrics.clone(),
            shutdown: shutdown.clone(),
        };
        let mut working = None;
        if only != Only::Http {
            tokio::spawn(app::sweep::run(Arc::clone(&state), shutdown.clone()));
            let sender = tokio::spawn(app::sender::run(Arc::clone(&state), shutdown.clone()));
            working = Some((sender, tokio::spawn(events.run(shutdown))));
        }
        let serves_http = only != Only::Work;
        let (state, verifier) = (Data::from(state), Data::from(verifier));
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
        // A mail that is with the provider is brought to its end, and an event that is being applied is finished.
        if let Some((sender, events)) = working {
            sender.await?;
            events.await??;
        }
        Ok(())
    }
}

fn state(
    settings: Settings,
    clock: Arc<dyn Clock>,
    auth: Sibling,
    metrics: &Metrics,
) -> anyhow::Result<AppState> {
    let db = Database::connect(&settings.database);
    db.show_in(metrics)?;
    let work_db = Database::connect(&DatabaseSettings {
        pool: WORK_POOL,
        ..settings.database.clone()
    });
    let resend = &settings.resend;
    let provider = Resend::new(
        provider_client()?,
        &resend.url,
        &resend.api_key,
        &resend.from,
    )?;
    Ok(AppState {
        db,
        work_db,
        clock,
        pii: Sealer::from_key_file(&settings.pii_keys)?,
        auth_mails: AuthMails::new(auth),
        provider: Box::new(provider),
        renderer: Renderer::new(&settings.shop_name, settings.shop_zone)?,
        pace: Pace::per_second(resend.rate_per_second),
        wake: Notify::new(),
        counters: Counters::register(metrics)?,
        settings,
    })
}

fn verifier(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    auth: &Sibling,
) -> anyhow::Result<TokenVerifier> {
    let keys = HttpKeySource::new(&settings.tokens.auth_url, http_client()?)?;
    let revocations = HttpRevocationSource::new(auth.clone())?;
    Ok(TokenVerifier::new(
        settings.tokens.clone(),
        Arc::clone(clock),
        settings.telemetry.log_index()?,
        Box::new(keys),
        Box::new(revocations),
    ))
}

fn readiness(
    state: &Arc<AppState>,
    verifier: &Arc<TokenVerifier>,
    events: &EventPath,
    only: Only,
) -> Readiness {
    let database = state.db.clone();
    let schema = state.db.clone();
    let ready = Readiness::default()
        .check("database", move || {
            let db = database.clone();
            async move { db.ping().await.map_err(|error| error.to_string()) }
        })
        .check("migrations", move || {
            let db = schema.clone();
            async move { migrations::are_applied(&db, &MIGRATIONS).await }
        });
    if only == Only::Work {
        let declared = events.declared();
        return ready.check("queues", move || {
            let is_declared = declared();
            async move {
                is_declared
                    .then_some(())
                    .ok_or("not declared yet".to_owned())
            }
        });
    }
    let verifier = Arc::clone(verifier);
    ready.check("tokens", move || {
        let is_ready = verifier.is_ready();
        async move {
            is_ready
                .then_some(())
                .ok_or("no keys or revocations from auth yet".to_owned())
        }
    })
}
