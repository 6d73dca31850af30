//! `agape serve <service>`: one service in this process.

use std::process::ExitCode;

use anyhow::Result;
use common::service::{self, Only};

use crate::services;

/// Runs until told to stop.
///
/// # Errors
/// There is no such service.
pub fn run(name: &str, only: Only) -> Result<ExitCode> {
    let deployed = services::get(name)?;
    Ok(service::block_on(name, (deployed.service.serve)(only)))
}
