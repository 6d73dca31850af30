//! One command of the command line per file.

pub mod backup;
pub mod bootstrap;
pub mod dead_letters;
pub mod demo;
pub mod doctor;
pub mod down;
pub mod generate;
pub mod keys;
pub mod migrate;
pub mod openapi;
pub mod prove;
pub mod republish;
pub mod restart;
pub mod restore;
pub mod seed;
pub mod serve;
pub mod up;

use anyhow::{Context, Result};

use crate::infrastructure::{self, Infrastructure, Urls};
use crate::lock::{self, Locked};
use crate::tree::Tree;

/// The administrator's database URL: of the running tree, else of a server started for this
/// command, which the caller stops.
async fn database(tree: &Tree) -> Result<(Infrastructure, String)> {
    tree.prepare()?;
    match lock::try_lock(tree)? {
        Locked::ByOther(_) => Ok((Infrastructure::default(), running(tree)?.postgres)),
        Locked::ByUs(_lock) => Infrastructure::start_database(tree).await,
    }
}

/// The URLs of the running tree.
fn running(tree: &Tree) -> Result<Urls> {
    infrastructure::of_running(tree).context("nothing runs in this tree; start it with `make up`")
}
