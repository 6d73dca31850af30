//! What this service is to the command line.

use std::sync::Arc;

use chassis::migrations;
use common::clock::SystemClock;
use common::crypto::Sealer;
use common::database::Database;
use common::service::{DeadLetters, Keys, Migrate, Only, Outcome, Seed, Service};
use common::settings::Reader;
use common::{Clock as _, telemetry};

use crate::config::{DEFAULT_OPS_PORT, DEFAULT_PORT, Settings};
use crate::keys::{self, Ensured};
use crate::startup::{Application, MIGRATIONS};
use crate::{routes, seed};

/// The auth service.
pub const SERVICE: Service = Service {
    name: "auth",
    default_port: DEFAULT_PORT,
    default_ops_port: DEFAULT_OPS_PORT,
    serve,
    migrate: Some(migrate),
    seed: Some(seed_schema),
    keys: Some(manage_keys),
    dead_letters: Some(dead_letters),
    reconcile: None,
    openapi: routes::openapi,
};

fn read_settings() -> anyhow::Result<Settings> {
    Ok(Settings::read(Reader::from_environment(SERVICE.name))?)
}

fn serve(only: Only) -> Outcome {
    Box::pin(async move {
        let settings = read_settings()?;
        let _telemetry = telemetry::start(SERVICE.name, &settings.service.telemetry)?;
        Application::build(settings, Arc::new(SystemClock))?
            .run_until_stopped(only)
            .await
    })
}

fn migrate(direction: Migrate) -> Outcome {
    migrations::migrate(SERVICE.name, MIGRATIONS, direction)
}

fn manage_keys(keys: Keys) -> Outcome {
    Box::pin(async move {
        let settings = read_settings()?;
        let db = Database::connect_patiently(&settings.service.database);
        let sealer = Sealer::with_key("file", &settings.file_key)?;
        let now = SystemClock.now();
        let said = match keys {
            Keys::Ensure => match keys::ensure(&db, &sealer, now).await? {
                Ensured::Made => "the first signing key is made".to_owned(),
                Ensured::Present => "there is a signing key".to_owned(),
            },
            Keys::Rotate => {
                let from = keys::rotate(&db, &sealer, now).await?;
                format!("the next signing key is made; it signs from {from}")
            }
        };
        tell(&said);
        Ok(())
    })
}

fn seed_schema(what: Seed) -> Outcome {
    Box::pin(async move {
        let said = seed::run(read_settings()?, what).await?;
        tell(&said);
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
