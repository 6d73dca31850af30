//! The same for a person at a terminal.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use common::database::{Database, DatabaseSettings};
use common::service::DeadLetters;
use common::settings::Reader;
use uuid::Uuid;

use super::{DeadLetter, DeadLetterSummary, Redriver, find, list};
use crate::broker::Broker;
use crate::settings::AmqpSettings;

/// Letters in one list, and in one round of sending all back.
const PAGE: i64 = 500;

/// Runs a command of a service's own binary, with its database and broker from the environment and
/// no other setting.
///
/// # Errors
/// A setting is missing, the database or the broker does not answer, or there is no such letter.
pub async fn command(service: &'static str, what: DeadLetters) -> Result<()> {
    let mut read = Reader::from_environment(service);
    let database = DatabaseSettings::read(&mut read);
    let amqp = AmqpSettings::read_for_broadcasts(&mut read);
    for missing in ["database.url", "amqp.url"] {
        let variable = read.variable(missing);
        read.optional(missing)
            .with_context(|| format!("{variable} is missing"))?;
    }
    let db = Database::connect_patiently(&database);
    run(&Desk::new(service, db, amqp), &what, &mut std::io::stdout()).await
}

/// One service's dead letters, and the way back for them.
pub struct Desk {
    db: Database,
    redriver: Redriver,
}

impl Desk {
    /// The letters in `db`.
    #[must_use]
    pub fn new(service: &str, db: Database, amqp: AmqpSettings) -> Self {
        let broker = Arc::new(Broker::new(amqp));
        Self {
            redriver: Redriver::new(service, db.clone(), broker),
            db,
        }
    }

    /// Whether the letter is one of these.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn has(&self, id: Uuid) -> Result<bool> {
        Ok(find(&mut *self.db.get().await?, id).await?.is_some())
    }
}

/// Does what was asked, and writes what came of it.
///
/// # Errors
/// The database or the broker does not answer, or there is no such letter.
pub async fn run(desk: &Desk, what: &DeadLetters, out: &mut impl Write) -> Result<()> {
    match what {
        DeadLetters::List { queue } => {
            for letter in list(&mut *desk.db.get().await?, queue.as_deref(), PAGE).await? {
                writeln!(out, "{}", line(&letter))?;
            }
        }
        DeadLetters::Show { id } => {
            let letter = find(&mut *desk.db.get().await?, *id).await?;
            let letter = letter.with_context(|| format!("there is no dead letter {id}"))?;
            write!(out, "{}", page(&letter))?;
        }
        DeadLetters::Redrive {
            all: true, queue, ..
        } => redrive_all(desk, queue.as_deref(), out).await?,
        DeadLetters::Redrive { ids, .. } => {
            for id in ids {
                desk.redriver.redrive(*id).await?;
                writeln!(out, "{id} is back in its queue")?;
            }
        }
    }
    Ok(())
}

/// Those that wait now; one that dies again meanwhile waits for the next command.
async fn redrive_all(desk: &Desk, queue: Option<&str>, out: &mut impl Write) -> Result<()> {
    let mut redriven = 0_u64;
    loop {
        let letters = list(&mut *desk.db.get().await?, queue, PAGE).await?;
        let is_last = i64::try_from(letters.len()).is_ok_and(|count| count < PAGE);
        for letter in letters {
            desk.redriver.redrive(letter.id).await?;
            redriven += 1;
        }
        if is_last {
            writeln!(out, "{redriven} back in their queues")?;
            return Ok(());
        }
    }
}

fn line(letter: &DeadLetterSummary) -> String {
    format!(
        "{}  {}  {}  attempt {}  {}",
        letter.id,
        letter.died_at.format("%Y-%m-%dT%H:%M:%SZ"),
        letter.consumer,
        letter.attempts,
        // What a stranger's message made of a reason must not steer the terminal.
        letter.reason.escape_debug()
    )
}

fn page(letter: &DeadLetter) -> String {
    let mut text = format!("{}\n", line(&letter.summary));
    // Writing to a String cannot fail.
    if let Some(at) = letter.summary.redriven_at {
        let _ = writeln!(text, "sent back at {}", at.format("%Y-%m-%dT%H:%M:%SZ"));
    }
    let _ = writeln!(text, "headers: {}", letter.headers);
    match serde_json::from_slice::<serde_json::Value>(&letter.body) {
        Ok(json) => {
            let _ = writeln!(text, "{json:#}");
        }
        Err(_) => {
            let _ = writeln!(
                text,
                "{} bytes: {}",
                letter.body.len(),
                letter.body.escape_ascii()
            );
        }
    }
    text
}
