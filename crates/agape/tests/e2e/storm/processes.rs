//! I34: no process panics, and none takes more and more.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use agape::services;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::system::System;

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// Looks in each half below which nothing is concluded.
const LOOKS_MIN: usize = 30;
/// More in the second half than in the first that is no growth: what one burst of requests needs.
const SLACK: Taken = Taken {
    files: 100,
    memory_kib: 48 * 1024,
};

/// What a process holds.
#[derive(Debug, Clone, Copy, Default)]
struct Taken {
    files: u64,
    memory_kib: u64,
}

/// Looks at every process again and again.
pub struct Watch {
    stop: Arc<AtomicBool>,
    task: JoinHandle<BTreeMap<String, Vec<Taken>>>,
}

impl Watch {
    /// Begins to look.
    pub fn begin(system: &Arc<System>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (system, is_over) = (Arc::clone(system), Arc::clone(&stop));
        let task = tokio::spawn(async move {
            let mut seen: BTreeMap<String, Vec<Taken>> = BTreeMap::new();
            while !is_over.load(Ordering::Relaxed) {
                for (name, taken) in look(&system) {
                    seen.entry(name).or_default().push(taken);
                }
                sleep(PAUSE).await;
            }
            seen
        });
        Self { stop, task }
    }

    /// Asserts that the second half of the time took no more than the first.
    pub async fn assert_bounded(self) {
        self.stop.store(true, Ordering::Relaxed);
        let seen = self.task.await.unwrap();
        for (name, looks) in &seen {
            let (first, second) = looks.split_at(looks.len() / 2);
            let (before, after) = (most(first), most(second));
            eprintln!(
                "{name}: {} files, {} MiB; then {} files, {} MiB ({} looks)",
                before.files,
                before.memory_kib / 1024,
                after.files,
                after.memory_kib / 1024,
                looks.len()
            );
            if first.len() < LOOKS_MIN {
                continue;
            }
            assert!(after.files <= before.files + SLACK.files, "{name}: files");
            let bound = before.memory_kib + before.memory_kib / 10 + SLACK.memory_kib;
            assert!(after.memory_kib <= bound, "{name}: memory");
        }
    }
}

fn most(looks: &[Taken]) -> Taken {
    Taken {
        files: looks.iter().map(|one| one.files).max().unwrap_or(0),
        memory_kib: looks.iter().map(|one| one.memory_kib).max().unwrap_or(0),
    }
}

/// The supervisor, and every service but the sandbox, which keeps everything that ever happened.
fn look(system: &System) -> Vec<(String, Taken)> {
    let names = services::process_names()
        .into_iter()
        .filter(|name| *name != "sandbox");
    let pids = names.map(|name| (name, system.pid_of(name)));
    let all = pids.chain([("agape up", Some(system.pid()))]);
    all.filter_map(|(name, pid)| Some((name.to_owned(), taken(pid?)?)))
        .collect()
}

/// None for one that has just ended.
fn taken(pid: i32) -> Option<Taken> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let mut lines = status.lines();
    let memory = lines.find_map(|line| line.strip_prefix("VmRSS:"))?;
    let memory = memory.trim().trim_end_matches(" kB");
    let files = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count();
    Some(Taken {
        files: files.try_into().ok()?,
        memory_kib: memory.parse().ok()?,
    })
}

/// Asserts that nothing in any log is a panic. An abort that was wanted is none.
pub fn assert_no_panics(system: &System) {
    for entry in fs::read_dir(system.state().join("logs")).unwrap() {
        let path = entry.unwrap().path();
        let log = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        let panics: Vec<&str> = log
            .lines()
            .filter(|line| line.contains("panicked at"))
            .collect();
        assert!(panics.is_empty(), "{}: {panics:?}", path.display());
    }
}
