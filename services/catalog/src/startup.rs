//! The wiring: settings in, a running service out.

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use chassis::{Chassis, Parts};
use common::Clock;
use common::database::Database;
use common::redis::Redis;
use common::service::Only;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use messaging::Trail;

use crate::app::answers::{Answers, Shared};
use crate::app::counters::Counters;
use crate::config::Settings;
use crate::{SERVICE, consumers, routes};

/// The service's migrations, embedded: `migrate` runs them, a serving process only checks that they were run.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/catalog");

/// What use cases work with.
pub struct AppState {
    pub(crate) settings: Settings,
    /// For requests.
    pub(crate) db: Database,
    /// For consumers.
    pub(crate) work_db: Database,
    pub(crate) clock: Arc<dyn Clock>,
    /// What the shop shows, ready-made.
    pub(crate) answers: Arc<Answers>,
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
        let answers = answers(&settings, &chassis)?;
        let state = Arc::new(AppState {
            answers: Arc::clone(&answers),
            db: chassis.db(),
            work_db: chassis.work_db(),
            clock: chassis.clock(),
            settings,
        });
        let chassis = chassis
            .consumers(consumers::all(Arc::clone(&state)))?
            .broadcasts(|broadcasts| consumers::heard_by_each(broadcasts, &answers));
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

    /// Serves until told to stop. `only` leaves out consumers, or everything but them.
    ///
    /// # Errors
    /// When a socket cannot be used.
    pub async fn run_until_stopped(self, only: Only) -> anyhow::Result<()> {
        // Also where only events are worked on: what they change is shown by others.
        let follow = Arc::clone(&self.state.answers).follow(self.chassis.shutdown_token());
        tokio::spawn(follow);
        let state = Data::from(self.state);
        let parts = Parts {
            migrations: MIGRATIONS,
            openapi: routes::openapi(),
            jobs: Vec::new(),
            routes: move |config: &mut ServiceConfig| {
                config.app_data(state.clone());
                routes::served::configure(config);
            },
        };
        self.chassis.run(only, parts).await
    }
}

fn answers(settings: &Settings, chassis: &Chassis) -> anyhow::Result<Arc<Answers>> {
    let redis = Redis::connect(&settings.redis)?;
    let shared = Shared::new(redis, &settings.redis_prefix);
    let counters = Counters::register(chassis.metrics())?;
    Ok(Arc::new(Answers::new(
        settings.cache_bytes,
        shared,
        counters,
    )))
}
