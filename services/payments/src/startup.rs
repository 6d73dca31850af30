//! The wiring: settings in, a running service out.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Data, ServiceConfig};
use chassis::{Chassis, Job, Parts};
use chrono::NaiveDate;
use common::Clock;
use common::client::provider_client;
use common::crypto::Sealer;
use common::database::{Database, DatabaseSettings};
use common::service::Only;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use messaging::Trail;
use secrecy::ExposeSecret as _;
use tokio::sync::Notify;

use crate::app::counters::Counters;
use crate::app::recently::Recently;
use crate::clients::gateway::PaymentGateway;
use crate::clients::notifications::Notifications;
use crate::clients::orders::Orders;
use crate::clients::paystack::{Paystack, PaystackOptions};
use crate::config::Settings;
use crate::{SERVICE, app, consumers, routes};

/// The service's migrations, embedded: `migrate` runs them, a serving process only checks that they were run.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/payments");

/// How long a webhook may wait for one of its connections: much less than the provider waits for an answer.
const WEBHOOK_PATIENCE: Duration = Duration::from_secs(5);

/// What use cases work with.
pub struct AppState {
    pub(crate) settings: Settings,
    /// For requests.
    pub(crate) db: Database,
    /// For consumers, workers and timers.
    pub(crate) work_db: Database,
    /// For webhooks alone, so that a burst of them holds up no checkout, and the other way round.
    pub(crate) webhook_db: Database,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) gateway: Box<dyn PaymentGateway>,
    pub(crate) orders: Orders,
    pub(crate) notifications: Notifications,
    /// Seals what the provider tells.
    pub(crate) pii: Sealer,
    /// Tells this process's worker that a webhook came.
    pub(crate) webhook_came: Notify,
    /// Tells this process's worker that a refund was decided.
    pub(crate) refund_due: Notify,
    /// Tells this process's worker that somebody wants a date compared.
    pub(crate) run_begun: Notify,
    /// What this process asked the provider about just now on behalf of clients.
    pub(crate) recently: Recently,
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
    /// When a key is malformed or a port is taken.
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

    /// Serves until told to stop. `only` leaves out consumers, workers and timers, or everything but them.
    ///
    /// # Errors
    /// When a socket cannot be used.
    pub async fn run_until_stopped(self, only: Only) -> anyhow::Result<()> {
        let Self { chassis, state } = self;
        let shutdown = chassis.shutdown_token();
        let jobs: Vec<Job> = vec![
            // What is with the provider is brought to its end.
            Box::pin(app::webhook_worker::run(
                Arc::clone(&state),
                shutdown.clone(),
            )),
            Box::pin(app::refund::worker::run(
                Arc::clone(&state),
                shutdown.clone(),
            )),
            Box::pin(app::poll::run(Arc::clone(&state), shutdown.clone())),
            Box::pin(app::settlements::worker::run(
                Arc::clone(&state),
                shutdown.clone(),
            )),
            Box::pin(app::reconcile::worker::run(
                Arc::clone(&state),
                shutdown.clone(),
            )),
            Box::pin(app::dispute::watch::run(
                Arc::clone(&state),
                shutdown.clone(),
            )),
            Box::pin(app::sweep::run(Arc::clone(&state), shutdown)),
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

/// Compares a business date, or the last one that is due, with the provider to its end, in this process unless another one is at
/// it. Ends without doing anything if that was done.
///
/// # Errors
/// When the date cannot be compared, or the database is away.
pub async fn reconcile(
    mut settings: Settings,
    clock: Arc<dyn Clock>,
    date: Option<NaiveDate>,
) -> anyhow::Result<()> {
    // A command serves nobody, so it takes no port that a service beside it has.
    settings.service.http.port = 0;
    settings.service.http.ops_port = 0;
    let chassis = Chassis::build(SERVICE.name, &settings.service, clock)?;
    let state = Arc::new(state(settings, &chassis)?);
    let calendar = state.settings.reconciliation.calendar;
    let date = date.unwrap_or_else(|| calendar.due(state.clock.now()));
    app::reconcile::worker::run_date(state, date).await?;
    Ok(())
}

fn state(settings: Settings, chassis: &Chassis) -> anyhow::Result<AppState> {
    let counters = Counters::register(chassis.metrics())?;
    let paystack = &settings.paystack;
    let options = PaystackOptions {
        base: &paystack.base_url,
        key: &paystack.secret_key,
        timeout: paystack.timeout,
        channels: &paystack.channels,
    };
    let gateway = Paystack::new(provider_client()?, &options, counters.clone())?;
    let webhook_db = Database::connect(&DatabaseSettings {
        pool: settings.webhook_pool,
        acquire: WEBHOOK_PATIENCE,
        ..settings.service.database.clone()
    });
    Ok(AppState {
        db: chassis.db(),
        work_db: chassis.work_db(),
        webhook_db,
        clock: chassis.clock(),
        gateway: Box::new(gateway),
        orders: Orders::new(chassis.sibling("orders", &settings.orders_url)),
        notifications: Notifications::new(
            chassis.sibling("notifications", &settings.notifications_url),
        ),
        pii: Sealer::from_key_file(settings.pii_keys.expose_secret())?,
        webhook_came: Notify::new(),
        refund_due: Notify::new(),
        run_begun: Notify::new(),
        recently: Recently::default(),
        counters,
        settings,
    })
}
