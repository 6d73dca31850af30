//! The wiring: settings in, a running service out.

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use chassis::{Chassis, Job, Parts};
use common::Clock;
use common::crypto::Sealer;
use common::database::Database;
use common::service::Only;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use messaging::Trail;

use crate::app::counters::Counters;
use crate::app::rush::Rush;
use crate::clients::{auth::Auth, cart::Carts, catalog::Catalog, inventory::Inventory};
use crate::config::Settings;
use crate::{SERVICE, app, consumers, routes};

/// The service's migrations, embedded: `migrate` runs them, a serving process only checks that they were run.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/orders");

/// What use cases work with.
pub struct AppState {
    pub(crate) settings: Settings,
    /// For requests.
    pub(crate) db: Database,
    /// For consumers and timers.
    pub(crate) work_db: Database,
    pub(crate) clock: Arc<dyn Clock>,
    /// Seals addresses and documents.
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) auth: Auth,
    pub(crate) catalog: Catalog,
    pub(crate) inventory: Inventory,
    pub(crate) carts: Carts,
    pub(crate) counters: Counters,
    /// Has documents wait.
    pub(crate) rush: Rush,
    /// Wakes whoever issues documents.
    pub(crate) documents_due: tokio::sync::Notify,
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
    /// When a key is malformed or a port is taken.
    pub fn build(settings: Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let chassis = Chassis::build(SERVICE.name, &settings.service, clock)?;
        let upstreams = &settings.upstreams;
        let state = Arc::new(AppState {
            db: chassis.db(),
            work_db: chassis.work_db(),
            clock: chassis.clock(),
            sealer: Arc::new(Sealer::from_key_file(&settings.pii_keys)?),
            auth: Auth::new(chassis.sibling("auth", &upstreams.auth)),
            catalog: Catalog::new(chassis.sibling("catalog", &upstreams.catalog))?,
            inventory: Inventory::new(chassis.sibling("inventory", &upstreams.inventory))?,
            carts: Carts::new(chassis.sibling("cart", &upstreams.cart)),
            counters: Counters::register(chassis.metrics())?,
            rush: Rush::default(),
            documents_due: tokio::sync::Notify::new(),
            settings,
        });
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
            Box::pin(app::documents::run(Arc::clone(&state), shutdown.clone())),
            Box::pin(app::retention::run(Arc::clone(&state), shutdown)),
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
