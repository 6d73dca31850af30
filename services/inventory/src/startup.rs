//! The wiring: settings in, a running service out.

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use chassis::{Chassis, Job, Parts};
use common::Clock;
use common::database::{Database, DatabaseSettings};
use common::service::Only;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use messaging::Trail;

use crate::app::counters::Counters;
use crate::app::decide::{Decider, Lanes};
use crate::clients::catalog::Catalog;
use crate::config::Settings;
use crate::{SERVICE, app, consumers, routes};

/// The service's migrations, embedded: `migrate` runs them, a serving process only checks that they were run.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/inventory");

/// One connection for each lane of decisions, which never wait for those of requests.
const LANES_POOL: u32 = 2;

/// What use cases work with.
pub struct AppState {
    pub(crate) settings: Settings,
    /// For requests.
    pub(crate) db: Database,
    /// For consumers and timers.
    pub(crate) work_db: Database,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) catalog: Catalog,
    /// Decides what orders hold, sell and give back.
    pub(crate) decider: Decider,
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
    lanes: Lanes,
}

impl Application {
    /// Connects nothing yet.
    ///
    /// # Errors
    /// When a key is malformed or a port is taken.
    pub fn build(settings: Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let chassis = Chassis::build(SERVICE.name, &settings.service, clock)?;
        let lanes_db = Database::connect(&DatabaseSettings {
            pool: LANES_POOL,
            ..settings.service.database.clone()
        });
        let counters = Counters::register(chassis.metrics())?;
        let (decider, lanes) = Decider::new(lanes_db, &settings, counters.clone());
        let catalog = chassis.sibling("catalog", &settings.catalog_url);
        let state = Arc::new(AppState {
            db: chassis.db(),
            work_db: chassis.work_db(),
            clock: chassis.clock(),
            catalog: Catalog::new(catalog)?,
            decider,
            counters,
            settings,
        });
        let chassis = chassis.consumers(consumers::all(Arc::clone(&state)))?;
        Ok(Self {
            chassis,
            state,
            lanes,
        })
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
        let Self {
            chassis,
            state,
            lanes,
        } = self;
        let shutdown = chassis.shutdown_token();
        let jobs: Vec<Job> = vec![
            Box::pin(app::expire::run(Arc::clone(&state), shutdown.clone())),
            Box::pin(app::news::run(Arc::clone(&state), shutdown.clone())),
            Box::pin(app::retention::run(Arc::clone(&state), shutdown)),
        ];
        // No job: requests that came before the shutdown are still decided while the server drains.
        let deciding = tokio::spawn(lanes.run(Arc::clone(&state)));
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
        let served = chassis.run(only, parts).await;
        deciding.abort();
        served
    }
}
