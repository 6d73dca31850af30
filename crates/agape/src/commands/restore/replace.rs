//! Putting a restored database in the place of the tree's own.

use anyhow::{Context, Result, bail, ensure};
use common::clock::{Clock as _, SystemClock};
use local_stack::{Backups, RabbitMq};
use tokio::task::spawn_blocking;

use super::Opened;
use crate::backups;
use crate::lock::{self, Locked, RunLock};
use crate::output::say;
use crate::tree::Tree;
use crate::{given, services};

/// A stopped tree, which nobody starts meanwhile.
pub(super) struct Replacing {
    tree: Tree,
    _stopped: RunLock,
}

impl Replacing {
    /// # Errors
    /// The tree runs, or has a broker or a Redis that it may not empty.
    pub(super) fn begin(tree: &Tree) -> Result<Self> {
        for variable in [given::AMQP_URL, given::REDIS_URL] {
            ensure!(
                given::variable(variable).is_none(),
                "the server of {variable} is not this tree's to empty; see proto-docs/runbooks/restore.md"
            );
        }
        match lock::try_lock(tree)? {
            Locked::ByUs(stopped) => Ok(Self {
                tree: tree.clone(),
                _stopped: stopped,
            }),
            Locked::ByOther(_) => bail!("this tree runs; stop it with `make down`, then restore"),
        }
    }

    /// Has events published again that a queue held, empties the broker, and swaps the data. Redis keeps nothing over a stop.
    ///
    /// # Errors
    /// A server or the file system refuses. Repeating the command begins from the start.
    pub(super) async fn finish(self, backups: &Backups, opened: Opened) -> Result<()> {
        let Opened {
            copy, mut admin, ..
        } = opened;
        let events = backups::republish(&mut admin, &services::with_schema())
            .await
            .context("events could not be marked for their publication")?;
        drop(admin);
        let (files, broker) = (backups.clone(), self.tree.rabbitmq());
        let now = SystemClock.now();
        let replacing = spawn_blocking(move || {
            // Before the data: a broker that still held events from after that moment would tell them to a database that never
            // sent them, while events that the broker no longer holds are sent again.
            RabbitMq::forget(&broker)?;
            files.replace(copy, now)
        });
        let aside = replacing.await??;
        say(format_args!(
            "It is in place; the database that was there is in {}. {events} events will be published once more.\n\
             Now:\n\
             1. make up\n\
             2. agape backup: the backups that there are lead to what was there before\n\
             3. ten minutes later, as finance or an administrator, POST /api/v1/admin/reconciliation/runs {{\"date\":\"…\"}} for each day\n\
                from the moment that was restored to up to today: it finds what was paid, and paid back, since\n\
             4. proto-docs/runbooks/restore.md says what people have to look at",
            aside.display()
        ));
        Ok(())
    }
}
