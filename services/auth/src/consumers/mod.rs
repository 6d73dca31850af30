//! What this service hears of others.

mod on_privacy_erased;

use std::sync::Arc;

use common::Clock;
use common::database::{Database, DatabaseSettings};
use messaging::Consumers;

use crate::SERVICE;
use crate::startup::AppState;

/// Connections for consumers, apart from those of requests.
const POOL: u32 = 4;

/// What consumers work with.
pub(crate) struct ConsumerState {
    pub(crate) db: Database,
    pub(crate) clock: Arc<dyn Clock>,
    /// The services that have to confirm an erasure.
    pub(crate) holders: Vec<&'static str>,
}

impl ConsumerState {
    /// The consumers' part of the state, with a pool of its own.
    pub(crate) fn of(state: &AppState) -> Self {
        let settings = &state.settings;
        Self {
            db: Database::connect(&DatabaseSettings {
                pool: POOL,
                ..settings.database.clone()
            }),
            clock: Arc::clone(&state.clock),
            holders: settings
                .privacy
                .services
                .iter()
                .map(|holder| holder.service)
                .collect(),
        }
    }
}

/// Routing key → function.
pub(crate) fn all(state: Arc<ConsumerState>) -> Consumers<ConsumerState> {
    Consumers::new(SERVICE.name, state).on(on_privacy_erased::on_privacy_erased) // privacy.erased
}
