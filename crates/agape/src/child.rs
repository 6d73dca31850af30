//! Runs this program once more for a task of one service, with that service's settings.
//!
//! Services read their settings from the environment of their process and nowhere else, so each
//! task gets a process.

use std::io::Write;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use local_stack::keeper::{self, DeathSignal};
use tokio::process::Command;

use crate::environment::{self, Variables};
use crate::tree::Tree;

/// Runs `agape <arguments>` to its end. What it writes goes to the service's log, and into the
/// error if it fails.
///
/// # Errors
/// It cannot be started or it fails.
pub async fn run(
    tree: &Tree,
    service: &str,
    arguments: &[&str],
    variables: Variables,
) -> Result<()> {
    let mut command = Command::from(keeper::dying_with_parent(DeathSignal::Kill));
    command
        .arg("--")
        .arg(environment::own_program()?)
        .args(arguments);
    command.envs(variables).current_dir(tree.root());
    command
        .stdin(Stdio::null())
        .process_group(0)
        .kill_on_drop(true);
    let name = arguments.join(" ");
    let output = command
        .output()
        .await
        .with_context(|| format!("cannot run `agape {name}`"))?;
    append(tree, service, &[&output.stdout, &output.stderr])?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        bail!("`agape {name}` failed for {service}: {}", text.trim());
    }
    Ok(())
}

fn append(tree: &Tree, service: &str, texts: &[&[u8]]) -> Result<()> {
    let path = tree.log(service);
    let mut log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    for text in texts {
        log.write_all(text)?;
    }
    Ok(())
}
