//! What this service is to the command line.

use std::sync::Arc;

use chassis::migrations;
use chrono::NaiveDate;
use common::clock::SystemClock;
use common::service::{DeadLetters, Migrate, Only, Outcome, Service};
use common::settings::Reader;
use common::telemetry;

use crate::config::{DEFAULT_OPS_PORT, DEFAULT_PORT, Settings};
use crate::routes;
use crate::startup::{self, Application, MIGRATIONS};

/// The payments service.
pub const SERVICE: Service = Service {
    name: "payments",
    default_port: DEFAULT_PORT,
    default_ops_port: DEFAULT_OPS_PORT,
    serve,
    migrate: Some(migrate),
    seed: None,
    keys: None,
    dead_letters: Some(dead_letters),
    reconcile: Some(reconcile),
    openapi: routes::openapi,
};

fn serve(only: Only) -> Outcome {
    Box::pin(async move {
        let settings = Settings::read(Reader::from_environment(SERVICE.name))?;
        let _telemetry = telemetry::start(SERVICE.name, &settings.service.telemetry)?;
        Application::build(settings, Arc::new(SystemClock))?
            .run_until_stopped(only)
            .await
    })
}

fn migrate(direction: Migrate) -> Outcome {
    migrations::migrate(SERVICE.name, MIGRATIONS, direction)
}

fn reconcile(date: Option<NaiveDate>) -> Outcome {
    Box::pin(async move {
        let settings = Settings::read(Reader::from_environment(SERVICE.name))?;
        let _telemetry = telemetry::start(SERVICE.name, &settings.service.telemetry)?;
        startup::reconcile(settings, Arc::new(SystemClock), date).await
    })
}

fn dead_letters(what: DeadLetters) -> Outcome {
    Box::pin(messaging::dead_letters::command(SERVICE.name, what))
}
