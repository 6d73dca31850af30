//! Accounts to try the shop with, and users to measure it with. Never in production.

mod accounts;
mod users;

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use common::service::Seed;
use serde::Serialize;

use crate::config::{Environment, Settings};

/// Seeds what is asked for, and answers what was done.
///
/// # Errors
/// In production, and when the database or a file cannot be written.
pub async fn run(settings: Settings, what: Seed) -> anyhow::Result<String> {
    anyhow::ensure!(
        settings.environment != Environment::Production,
        "this is production: well-known accounts are not made here"
    );
    match what {
        Seed::Demo { accounts } => accounts::seed(&settings, &accounts).await,
        Seed::Products { .. } => Ok("has no products".to_owned()),
        Seed::Users { count, tokens } => users::seed(&settings, count, &tokens).await,
    }
}

/// Writes secrets as JSON, readable by their owner only from the first byte on, and wholly or not at all.
fn write_private<T: Serialize>(path: &Path, value: &T) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let unfinished = path.with_extension("unfinished");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)
        .with_context(|| format!("{} cannot be written", unfinished.display()))?;
    file.write_all(&serde_json::to_vec_pretty(value)?)?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    Ok(())
}
