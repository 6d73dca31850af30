//! `agape bootstrap`: makes the database roles and schemas of all services.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::bootstrap::{self, Outcome};
use crate::given;
use crate::infrastructure;
use crate::keys::Keys;
use crate::output::{complain, say};
use crate::services;
use crate::tree::Tree;

/// Runs against `AGAPE__POSTGRES_URL`, else against the running tree's server.
///
/// # Errors
/// No server is known, it cannot be reached, or a statement failed.
pub async fn run(tree: &Tree) -> Result<ExitCode> {
    tree.prepare()?;
    let admin_url = match given::variable(given::POSTGRES_URL) {
        Some(url) => url,
        None => {
            infrastructure::of_running(tree)
                .with_context(|| {
                    format!(
                        "{} is not set, and nothing runs in this tree",
                        given::POSTGRES_URL
                    )
                })?
                .postgres
        }
    };
    let names: Vec<&str> = services::with_database()
        .map(|one| one.service.name)
        .collect();
    let passwords = Keys::new(tree.keys()).role_passwords(&names)?;
    match bootstrap::run(&admin_url, &passwords).await? {
        Outcome::Done => {
            say(format_args!(
                "Roles and schemas are ready: {}",
                names.join(", ")
            ));
            Ok(ExitCode::SUCCESS)
        }
        Outcome::NeedsAdministrator(sql) => {
            complain(
                "The role in the URL may not make roles. Have an administrator run this SQL, which \
                 holds the services' passwords, then start again:",
            );
            say(sql);
            Ok(ExitCode::FAILURE)
        }
    }
}
