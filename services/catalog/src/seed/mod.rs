//! Goods to try the shop with, and any number of them to measure it with. No event is said: inventory loads its own part.

mod goods;
mod numbered;

use common::service::Seed;

use crate::config::Settings;

/// Seeds what is asked for.
///
/// # Errors
/// When the database does not take it.
pub(crate) async fn run(settings: &Settings, what: Seed) -> anyhow::Result<()> {
    match what {
        Seed::Demo { .. } => goods::seed(settings).await,
        Seed::Products { count } => numbered::seed(settings, count).await,
        Seed::Users { .. } => Ok(()),
    }
}
