//! What the service hears: one event per file, one function per queue.

pub mod on_auth_mail_requested;
pub mod on_privacy_erase_requested;

use std::sync::Arc;

use messaging::Consumers;

use crate::SERVICE;
use crate::startup::AppState;

/// Every event that is heard.
pub(crate) fn all(state: Arc<AppState>) -> Consumers<AppState> {
    Consumers::new(SERVICE.name, state)
        .on(on_auth_mail_requested::on_auth_mail_requested)
        .on(on_privacy_erase_requested::on_privacy_erase_requested)
}
