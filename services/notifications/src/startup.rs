//! The wiring: settings in, a running service out.

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use chassis::{Chassis, Job, Parts};
use common::Clock;
use common::client::provider_client;
use common::crypto::Sealer;
use common::database::Database;
use common::service::Only;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use tokio::sync::Notify;

use crate::app::counters::Counters;
use crate::app::ends::Ends;
use crate::app::hear_webhook::Hearing;
use crate::app::pace::Pace;
use crate::clients::auth_mails::AuthMails;
use crate::clients::orders::Orders;
use crate::clients::provider::MailProvider;
use crate::clients::resend::Resend;
use crate::config::Settings;
use crate::render::Renderer;
use crate::{SERVICE, app, consumers, routes};

/// The service's migrations, embedded: `migrate` runs them, a serving process only checks that they were run.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/notifications");

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
    pub(crate) orders: Orders,
    pub(crate) provider: Box<dyn MailProvider>,
    pub(crate) renderer: Renderer,
    pub(crate) pace: Pace,
    pub(crate) ends: Ends,
    pub(crate) hearing: Hearing,
    /// Tells the sender of this process that something is due.
    pub(crate) wake: Notify,
    pub(crate) counters: Counters,
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
    /// When a key or a template is malformed or a port is taken.
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

    /// Serves until told to stop. `only` leaves out consumers, senders and timers, or everything but them.
    ///
    /// # Errors
    /// When a socket cannot be used.
    pub async fn run_until_stopped(self, only: Only) -> anyhow::Result<()> {
        let Self { chassis, state } = self;
        let shutdown = chassis.shutdown_token();
        let jobs: Vec<Job> = vec![
            Box::pin(app::sweep::run(Arc::clone(&state), shutdown.clone())),
            // A mail that is with the provider is brought to its end.
            Box::pin(app::sender::run(Arc::clone(&state), shutdown)),
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
    let resend = &settings.resend;
    let provider = Resend::new(
        provider_client()?,
        &resend.url,
        &resend.api_key,
        &resend.from,
    )?;
    let auth = chassis.sibling("auth", &settings.service.tokens.auth_url);
    Ok(AppState {
        ends: Ends::start(chassis.work_db()),
        hearing: Hearing::start(chassis.db(), chassis.clock()),
        db: chassis.db(),
        work_db: chassis.work_db(),
        clock: chassis.clock(),
        pii: Sealer::from_key_file(&settings.pii_keys)?,
        auth_mails: AuthMails::new(auth),
        orders: Orders::new(chassis.sibling("orders", &settings.orders_url)),
        provider: Box::new(provider),
        renderer: Renderer::new(&settings.shop_name, settings.shop_zone)?,
        pace: Pace::per_second(resend.rate_per_second),
        wake: Notify::new(),
        counters: Counters::register(chassis.metrics())?,
        settings,
    })
}
