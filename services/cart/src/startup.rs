//! The wiring: settings in, a running service out.

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use chassis::{Chassis, Job, Parts};
use common::Clock;
use common::database::Database;
use common::redis::Redis;
use common::service::Only;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use messaging::Trail;

use crate::app::cache::CartCache;
use crate::app::catalogue::Catalogue;
use crate::app::counters::Counters;
use crate::app::reader::Reader;
use crate::app::writer::Writer;
use crate::clients::catalog::CatalogClient;
use crate::config::Settings;
use crate::{SERVICE, app, consumers, routes};

/// The service's migrations, embedded: `migrate` runs them, a serving process only checks that they were run.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/cart");

/// What use cases work with.
pub struct AppState {
    pub(crate) settings: Settings,
    /// For requests.
    pub(crate) db: Database,
    /// For consumers and timers.
    pub(crate) work_db: Database,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) catalogue: Catalogue,
    pub(crate) cache: CartCache,
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
    pub(crate) counters: Counters,
}

impl AppState {
    /// What a use case that begins now leaves behind.
    pub(crate) fn trail(&self) -> Trail {
        Trail::new(SERVICE.name, self.clock.now())
    }
}

/// The service, bound to its ports and not yet running.
pub struct Application {
    chassis: Chassis,
    state: Arc<AppState>,
}

impl Application {
    /// Connects nothing yet.
    ///
    /// # Errors
    /// When a key or a URL is malformed or a port is taken.
    pub fn build(settings: Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let chassis = Chassis::build(SERVICE.name, &settings.service, clock)?;
        let state = Arc::new(state(settings, &chassis)?);
        let chassis = chassis.consumers(consumers::all(Arc::clone(&state)))?;
        Ok(Self { chassis, state })
    }

    /// Its ports, and how to stop it.
    #[must_use]
    pub fn chassis(&self) -> &Chassis {
        &self.chassis
    }

    /// What use cases work with, for calling a consumer past the broker.
    #[must_use]
    pub fn state(&self) -> Arc<AppState> {
        Arc::clone(&self.state)
    }

    /// Serves until told to stop. `only` leaves out consumers and timers, or everything but them.
    ///
    /// # Errors
    /// When a socket cannot be used.
    pub async fn run_until_stopped(self, only: Only) -> anyhow::Result<()> {
        let Self { chassis, state } = self;
        let shutdown = chassis.shutdown_token();
        let jobs: Vec<Job> = vec![
            Box::pin(app::sweep::run(Arc::clone(&state), shutdown.clone())),
            Box::pin(app::abandonment::run(Arc::clone(&state), shutdown)),
        ];
        let state = Data::from(state);
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

fn state(settings: Settings, chassis: &Chassis) -> anyhow::Result<AppState> {
    let (db, clock) = (chassis.db(), chassis.clock());
    let counters = Counters::register(chassis.metrics())?;
    let cache = CartCache::new(Redis::connect(&settings.redis)?, &settings.redis_prefix);
    let catalog = CatalogClient::new(chassis.sibling("catalog", &settings.catalog_url));
    Ok(AppState {
        catalogue: Catalogue::start(
            catalog,
            settings.catalogue,
            &db,
            Arc::clone(&clock),
            counters.clone(),
        ),
        reader: Reader::start(db.clone(), cache.clone(), counters.clone()),
        writer: Writer::start(
            db.clone(),
            cache.clone(),
            counters.clone(),
            settings.rules(),
        ),
        work_db: chassis.work_db(),
        db,
        clock,
        cache,
        counters,
        settings,
    })
}
