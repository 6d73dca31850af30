//! What this service is to the command line.

use std::sync::Arc;

use chassis::migrations;
use common::clock::SystemClock;
use common::service::{DeadLetters, Migrate, Only, Outcome, Seed, Service};
use common::settings::Reader;
use common::telemetry;

use crate::config::{DEFAULT_OPS_PORT, DEFAULT_PORT, Settings};
use crate::startup::{Application, MIGRATIONS};
use crate::{routes, seed};

/// The orders service.
pub const SERVICE: Service = Service {
    name: "orders",
    default_port: DEFAULT_PORT,
    default_ops_port: DEFAULT_OPS_PORT,
    serve,
    migrate: Some(migrate),
    seed: Some(seed_schema),
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

fn seed_schema(what: Seed) -> Outcome {
    Box::pin(async move {
        let settings = Settings::read(Reader::from_environment(SERVICE.name))?;
        tell(&seed::run(&settings, &what).await?);
        Ok(())
    })
}

fn dead_letters(what: DeadLetters) -> Outcome {
    Box::pin(messaging::dead_letters::command(SERVICE.name, what))
}

/// A command run by a person answers on the terminal.
#[expect(
    clippy::print_stdout,
    reason = "the answer to a command goes to the terminal"
)]
fn tell(text: &str) {
    println!("{}: {text}", SERVICE.name);
}
