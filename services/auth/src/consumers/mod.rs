//! What this service hears of others.

mod on_privacy_erased;

use std::sync::Arc;

use common::Clock;
use common::database::Database;
use messaging::Consumers;

use crate::SERVICE;
use crate::startup::AppState;

/// What consumers work with.
pub(crate) struct ConsumerState {
    pub(crate) db: Database,
    pub(crate) clock: Arc<dyn Clock>,
    /// The services that have to confirm an erasure.
    pub(crate) holders: Vec<&'static str>,
}

impl ConsumerState {
    /// The consumers' part of the state, with the pool of what is no request.
    pub(crate) fn of(state: &AppState, work_db: Database) -> Self {
        let holders = &state.settings.privacy.services;
        Self {
            db: work_db,
            clock: Arc::clone(&state.clock),
            holders: holders.iter().map(|holder| holder.service).collect(),
        }
    }
}

/// Routing key → function.
pub(crate) fn all(state: Arc<ConsumerState>) -> Consumers<ConsumerState> {
    Consumers::new(SERVICE.name, state).on(on_privacy_erased::on_privacy_erased) // privacy.erased
}
