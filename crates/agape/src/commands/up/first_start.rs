//! Whether all services became ready, or one of them never will.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Error, anyhow};
use tokio::time::Instant;

use crate::supervisor::Event;
use crate::tree::Tree;

/// How long the first start may take, infrastructure excluded.
const PATIENCE: Duration = Duration::from_secs(60);

/// A service that ended this often before it was ever ready will not get better by itself.
const EARLY_DEATHS_MAX: u32 = 2;

const LOG_TAIL_LINES: usize = 12;

/// The services that have not been ready yet, with how often each has ended so far.
pub(super) struct FirstStart {
    waiting: BTreeMap<&'static str, u32>,
    deadline: Instant,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing new for the start as a whole.
    Waiting,
    /// The last service has just become ready.
    Complete,
    /// This service keeps ending.
    Hopeless(&'static str),
}

impl FirstStart {
    pub(super) fn of(services: &[&'static str]) -> Self {
        let waiting = services.iter().map(|service| (*service, 0)).collect();
        Self {
            waiting,
            deadline: Instant::now() + PATIENCE,
        }
    }

    pub(super) fn saw(&mut self, event: &Event) -> Progress {
        match event {
            Event::Ready { service, .. } | Event::Replaced { service, .. } => {
                let was_waiting = self.waiting.remove(service).is_some();
                if was_waiting && self.waiting.is_empty() {
                    return Progress::Complete;
                }
            }
            Event::Died { service, .. } => {
                if let Some(deaths) = self.waiting.get_mut(service) {
                    *deaths += 1;
                    if *deaths >= EARLY_DEATHS_MAX {
                        return Progress::Hopeless(service);
                    }
                }
            }
            Event::Kept { .. } => {}
        }
        Progress::Waiting
    }

    /// Waits for the deadline; for ever once all services have been ready.
    pub(super) async fn too_long(&self) {
        if self.waiting.is_empty() {
            return std::future::pending().await;
        }
        tokio::time::sleep_until(self.deadline).await;
    }

    pub(super) fn give_up(&self, tree: &Tree, service: &str) -> Error {
        anyhow!(
            "{service} does not start; the end of {}",
            log_tail(tree, service)
        )
    }

    pub(super) fn too_slow(&self, tree: &Tree) -> Error {
        let services: Vec<&str> = self.waiting.keys().copied().collect();
        let tails: Vec<String> = services.iter().map(|name| log_tail(tree, name)).collect();
        anyhow!(
            "not ready after {} s: {}; the end of {}",
            PATIENCE.as_secs(),
            services.join(", "),
            tails.join("\n")
        )
    }
}

fn log_tail(tree: &Tree, service: &str) -> String {
    let path = tree.log(service);
    let text = std::fs::read(&path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut lines: Vec<&str> = text.lines().rev().take(LOG_TAIL_LINES).collect();
    lines.reverse();
    format!("{}:\n{}", path.display(), lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(service: &'static str) -> Event {
        Event::Ready {
            service,
            took: Duration::ZERO,
        }
    }

    fn died(service: &'static str) -> Event {
        let how = "exit code 1".to_owned();
        Event::Died {
            service,
            how,
            was_ready: false,
            restart_in: Duration::ZERO,
        }
    }

    #[tokio::test]
    async fn the_start_is_complete_once() {
        let mut start = FirstStart::of(&["auth", "gateway"]);
        assert_eq!(start.saw(&ready("auth")), Progress::Waiting);
        assert_eq!(start.saw(&ready("gateway")), Progress::Complete);
        assert_eq!(start.saw(&died("auth")), Progress::Waiting);
        assert_eq!(start.saw(&ready("auth")), Progress::Waiting);
    }

    #[tokio::test]
    async fn a_service_that_keeps_ending_is_hopeless() {
        let mut start = FirstStart::of(&["auth", "gateway"]);
        assert_eq!(start.saw(&died("auth")), Progress::Waiting);
        assert_eq!(start.saw(&died("gateway")), Progress::Waiting);
        assert_eq!(start.saw(&died("auth")), Progress::Hopeless("auth"));
    }
}
