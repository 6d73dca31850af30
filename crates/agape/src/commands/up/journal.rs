//! What happens while everything runs: on the terminal, and in `.agape/logs/agape.log`.

use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use common::clock::{Clock, SystemClock};

use crate::infrastructure;
use crate::output::complain;
use crate::services;
use crate::supervisor::Event;
use crate::tree::Tree;

const LOG_BYTES_MAX: u64 = 50 * 1024 * 1024;

pub(super) struct Journal {
    log: File,
}

impl Journal {
    /// Opens the log; logs that grew too big in earlier runs are put aside.
    pub(super) fn open(tree: &Tree) -> Result<Self> {
        for name in services::process_names().into_iter().chain(["agape"]) {
            rotate(&tree.log(name))?;
        }
        let path = tree.log("agape");
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        let mut journal = Self { log };
        journal.note("starting");
        Ok(journal)
    }

    /// Writes to the log only.
    pub(super) fn note(&mut self, line: impl Display) {
        let now = SystemClock.now().to_rfc3339();
        // A full disk must not stop what runs; `agape doctor` reports it.
        drop(writeln!(self.log, "{now} {line}"));
    }

    fn tell(&mut self, line: impl Display) {
        complain(&line);
        self.note(line);
    }

    pub(super) fn service(&mut self, event: &Event) {
        match event {
            Event::Ready { service, took } => {
                self.note(format_args!(
                    "{service} is ready after {} ms",
                    took.as_millis()
                ));
            }
            Event::Replaced { service, took } => {
                self.tell(format_args!(
                    "{service} was replaced, ready after {} ms",
                    took.as_millis()
                ));
            }
            Event::Kept { service, why } => {
                self.tell(format_args!(
                    "{service} was not replaced: {why}; the old one goes on"
                ));
            }
            Event::Died {
                service,
                how,
                was_ready: _,
                restart_in,
            } if restart_in.is_zero() => {
                self.tell(format_args!("{service} ended ({how}); starting it again"));
            }
            Event::Died {
                service,
                how,
                was_ready: _,
                restart_in,
            } => {
                let seconds = restart_in.as_secs_f32();
                self.tell(format_args!(
                    "{service} ended ({how}); starting it again in {seconds} s"
                ));
            }
        }
    }

    pub(super) fn server(&mut self, event: &infrastructure::Event) {
        use infrastructure::Event;
        match event {
            Event::BrokerReady(took) => {
                self.note(format_args!(
                    "RabbitMQ is ready after {:.1} s",
                    took.as_secs_f32()
                ));
            }
            Event::Died(server) => self.tell(format_args!("{server} ended; starting it again")),
            Event::Back(server) => self.tell(format_args!("{server} is back")),
            Event::StillDown(server, why) => {
                self.tell(format_args!("{server} could not be started again: {why}"));
            }
        }
    }
}

fn rotate(path: &Path) -> Result<()> {
    if fs::metadata(path).is_ok_and(|meta| meta.len() > LOG_BYTES_MAX) {
        fs::rename(path, path.with_extension("log.1"))
            .with_context(|| format!("cannot put {} aside", path.display()))?;
    }
    Ok(())
}
