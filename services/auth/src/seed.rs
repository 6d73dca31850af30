//! Accounts to try the shop with, and users to measure it with.

use common::service::Seed;

use crate::config::Settings;

/// Seeds what is asked for, and answers what was done.
pub(crate) async fn run(settings: Settings, what: Seed) -> anyhow::Result<String> {
    let _ = (settings, what);
    anyhow::bail!("not yet")
}
