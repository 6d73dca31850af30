//! What this service hears of others.

pub mod on_privacy_erase_requested;
pub mod on_stock_changed;

use std::sync::Arc;

use events::catalog::{
    ProductCreated, ProductDeleted, ProductUpdated, VariantCreated, VariantDeleted, VariantUpdated,
};
use messaging::Consumers;
use messaging::broadcast::Broadcasts;

use crate::SERVICE;
use crate::app::answers::Answers;
use crate::startup::AppState;

/// Routing key → function.
pub(crate) fn all(state: Arc<AppState>) -> Consumers<AppState> {
    Consumers::new(SERVICE.name, state)
        .on(on_privacy_erase_requested::on_privacy_erase_requested) // privacy.erase_requested
        .on_batch(on_stock_changed::on_stock_changed) //               stock.changed
}

/// What each process hears for itself: whatever changes what the shop shows.
pub(crate) fn heard_by_each(broadcasts: Broadcasts, answers: &Arc<Answers>) -> Broadcasts {
    let missed = Arc::clone(answers);
    broadcasts
        .on(hearing::<ProductCreated>(answers))
        .on(hearing::<ProductUpdated>(answers))
        .on(hearing::<ProductDeleted>(answers))
        .on(hearing::<VariantCreated>(answers))
        .on(hearing::<VariantUpdated>(answers))
        .on(hearing::<VariantDeleted>(answers))
        .reload(move || {
            missed.hear();
            std::future::ready(())
        })
}

fn hearing<E>(answers: &Arc<Answers>) -> impl Fn(E) + Send + Sync + 'static {
    let answers = Arc::clone(answers);
    move |_event| answers.hear()
}
