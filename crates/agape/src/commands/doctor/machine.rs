//! What can be looked at without anything running: programs, disk, clock, secret files.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, ensure};
use local_stack::programs;
use nix::sys::statvfs::statvfs;

use super::{Finding, Verdict};
use crate::given;
use crate::private_files;
use crate::tree::Tree;

/// RabbitMQ stops taking messages below 50 MB, and PostgreSQL stops for good at 0.
const DISK_FREE_MIN: u64 = 1024 * 1024 * 1024;
/// 2026-01-01: a clock before this was never set, and every token would look not yet valid.
const EARLIEST_NOW: Duration = Duration::from_secs(1_767_225_600);

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let install = "install it, or run `make setup`";
    let mut findings = vec![
        Finding::from_result("clock", clock(), "set the machine's clock"),
        Finding::from_result("disk space", disk(tree.root()), "make room"),
        Finding::from_result("setpriv", find("setpriv", "util-linux"), install),
        Finding::from_result("openssl", find("openssl", "openssl"), install),
    ];
    if given::variable(given::POSTGRES_URL).is_none() {
        let found = programs::postgres("postgres").map_err(Into::into);
        let found = found.and_then(|path| version(&path, "--version"));
        findings.push(Finding::from_result("PostgreSQL's program", found, install));
    }
    if given::variable(given::REDIS_URL).is_none() {
        let found = programs::redis().map_err(Into::into);
        let found = found.and_then(|path| version(&path, "--version"));
        findings.push(Finding::from_result("Redis's program", found, install));
    }
    if given::variable(given::AMQP_URL).is_none() {
        // Asking RabbitMQ for its version takes as long as starting half of it.
        let found =
            programs::rabbitmq("rabbitmq-server").and_then(|path| programs::epmd().map(|_| path));
        let found = found
            .map(|path| path.display().to_string())
            .map_err(Into::into);
        findings.push(Finding::from_result("RabbitMQ's program", found, install));
    }
    findings.push(secret_files(tree));
    findings
}

fn find(program: &str, package: &str) -> Result<String> {
    let path = programs::on_path(program)
        .ok_or_else(|| anyhow!("{program} is not installed (Debian package {package})"))?;
    Ok(path.display().to_string())
}

fn version(program: &Path, argument: &str) -> Result<String> {
    let output = Command::new(program)
        .arg(argument)
        .output()
        .with_context(|| format!("{} does not run", program.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn disk(root: &Path) -> Result<String> {
    let stat = statvfs(root).context("the disk cannot be asked")?;
    let free = stat.blocks_available() * stat.fragment_size();
    let shown = format!("{} MB free", free / (1024 * 1024));
    ensure!(free >= DISK_FREE_MIN, "only {shown}");
    Ok(shown)
}

fn clock() -> Result<String> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    ensure!(now >= EARLIEST_NOW, "it is before 2026");
    Ok("set".to_owned())
}

fn secret_files(tree: &Tree) -> Finding {
    let what = "secret files";
    if !tree.keys().is_dir() {
        return Finding::new(
            what,
            Verdict::Note("none yet; `agape up` makes them".to_owned()),
        );
    }
    let verdict = match private_files::open_to_others(&tree.keys()) {
        Ok(open) if open.is_empty() => Verdict::Fine("readable by their owner only".to_owned()),
        Ok(open) => {
            let names: Vec<String> = open.iter().map(|path| path.display().to_string()).collect();
            let names = names.join(" ");
            Verdict::Broken(format!("others may read {names}; chmod go= them"))
        }
        Err(error) => Verdict::Broken(format!("{error:#}")),
    };
    Finding::new(what, verdict)
}
