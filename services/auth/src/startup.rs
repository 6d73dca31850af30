//! The wiring: settings in, a running service out.

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use chassis::{Chassis, Job, Parts, ServiceSettings, Trust};
use common::Clock;
use common::auth::{ServiceTokens, TokenVerifier};
use common::crypto::Sealer;
use common::database::Database;
use common::rate_limit::Limiter;
use common::redis::Redis;
use common::service::Only;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use crate::app::counters::Counters;
use crate::clients::personal_data::Holders;
use crate::config::Settings;
use crate::consumers::ConsumerState;
use crate::hashing::Hasher;
use crate::keys::SigningKeys;
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
    chassis: Chassis,
    state: Data<AppState>,
}

impl Application {
    /// Connects nothing yet.
    ///
    /// # Errors
    /// When a key is malformed or a port is taken.
    pub fn build(settings: Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let service = &settings.service;
        let file_sealer = Arc::new(Sealer::with_key("file", &settings.file_key)?);
        let db = Database::connect(&service.database);
        let keys = SigningKeys::new(db.clone(), Arc::clone(&file_sealer), Arc::clone(&clock));
        let trust = trust(service, &clock, &db, &keys)?;
        let chassis = Chassis::trusting(SERVICE.name, service, Arc::clone(&clock), trust)?;
        let state = AppState {
            limiter: Limiter::start(Redis::connect(&settings.redis)?),
            hasher: Hasher::start(settings.hashing.clone())?,
            pii: Sealer::from_key_file(&settings.pii_keys)?,
            counters: Counters::register(chassis.metrics())?,
            holders: Holders::new(&settings.privacy, chassis.tokens())?,
            verifier: chassis.verifier(),
            settings,
            db,
            clock,
            file_sealer,
            keys,
        };
        let work = Arc::new(ConsumerState::of(&state, chassis.work_db()));
        let keys = state.keys.clone();
        let chassis = chassis
            .consumers(consumers::all(work))?
            .ready_when("keys", move || {
                let is_ready = keys.is_ready();
                async move {
                    is_ready
                        .then_some(())
                        .ok_or("no signing key is loaded".to_owned())
                }
            });
        let state = Data::new(state);
        Ok(Self { chassis, state })
    }

    /// Its ports, and how to stop it.
    #[must_use]
    pub fn chassis(&self) -> &Chassis {
        &self.chassis
    }

    /// Serves until told to stop. `only` leaves out the timers, or everything but them.
    ///
    /// # Errors
    /// When a socket cannot be used.
    pub async fn run_until_stopped(self, only: Only) -> anyhow::Result<()> {
        let Self { chassis, state } = self;
        let shutdown = chassis.shutdown_token();
        tokio::spawn(state.keys.clone().follow());
        let own = || state.clone().into_inner();
        let jobs: Vec<Job> = vec![
            Box::pin(app::sweep::run(own(), shutdown.clone())),
            Box::pin(app::export_data::run(own(), shutdown)),
        ];
        let parts = Parts {
            migrations: MIGRATIONS,
            openapi: routes::openapi(),
            jobs,
            routes: move |config: &mut ServiceConfig| {
                config.app_data(state.clone());
                routes::served::configure(config);
            },
        };
        chassis.run(only, parts).await
    }
}

/// Auth knows keys and revocations from its own tables.
fn trust(
    settings: &ServiceSettings,
    clock: &Arc<dyn Clock>,
    db: &Database,
    keys: &SigningKeys,
) -> anyhow::Result<Trust> {
    let own = &settings.service_keys;
    Ok(Trust {
        db: db.clone(),
        tokens: Arc::new(ServiceTokens::load(SERVICE.name, own, Arc::clone(clock))?),
        verifier: Arc::new(TokenVerifier::new(
            settings.tokens.clone(),
            Arc::clone(clock),
            settings.telemetry.log_index()?,
            Box::new(keys.clone()),
            Box::new(app::list_revocations::OwnRevocations(db.clone())),
        )),
    })
}
