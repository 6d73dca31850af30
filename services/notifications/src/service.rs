//! What this service is to the command line.

use std::sync::Arc;

use chassis::migrations;
use common::clock::SystemClock;
use common::service::{DeadLetters, Migrate, Only, Outcome, Service};
use common::settings::Reader;
use common::telemetry;

use crate::config::{DEFAULT_OPS_PORT, DEFAULT_PORT, Settings};
use crate::routes;
use crate::startup::{Application, MIGRATIONS};

/// The notifications service.
pub const SERVICE: Service = Service {
    name: "notifications",
    default_port: DEFAULT_PORT,
    default_ops_port: DEFAULT_OPS_PORT,
    serve,
    migrate: Some(migrate),
    seed: None,
    keys: None,
    dead_letters: Some(dead_letters),
    reconcile: None,
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

fn dead_letters(what: DeadLetters) -> Outcome {
    Box::pin(messaging::dead_letters::command(SERVICE.name, what))
}
