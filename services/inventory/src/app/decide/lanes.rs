//! The tasks that decide, batch after batch, in two lanes.

use std::sync::Arc;
use std::time::Duration;

use common::database::{Database, DbError, IsConflict as _};
use common::failpoint;
use diesel_async::AsyncConnection as _;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::batch::{self, Lane, Turn};
use super::{Command, Done, Waiting};
use crate::app::Error;
use crate::config::Settings;
use crate::domain::shelf::{Limits, Refusal};
use crate::startup::AppState;

/// Whoever has waited as long is told to come again: the buyer's request is given up soon after.
const PATIENCE: Duration = Duration::from_millis(2_500);
/// How often a batch that lost against another transaction is tried.
const ATTEMPTS: u32 = 3;

/// The end of the queue that decides.
pub(crate) struct Lanes {
    db: Database,
    limits: Limits,
    batch_max: usize,
    fast: mpsc::Receiver<Waiting>,
    slow_queue: mpsc::Sender<Waiting>,
    slow: mpsc::Receiver<Waiting>,
}

impl Lanes {
    pub(super) fn new(db: Database, settings: &Settings, fast: mpsc::Receiver<Waiting>) -> Self {
        let (slow_queue, slow) = mpsc::channel(fast.max_capacity());
        Self {
            db,
            limits: settings.limits,
            batch_max: settings.reserve_batch,
            fast,
            slow_queue,
            slow,
        }
    }

    /// Decides until nobody can ask any more.
    pub(crate) async fn run(self, state: Arc<AppState>) {
        let work = Work {
            db: self.db,
            limits: self.limits,
            batch_max: self.batch_max,
            state,
        };
        tokio::join!(
            work.decide_all(Lane::Fast, self.fast, Some(self.slow_queue)),
            work.decide_all(Lane::Slow, self.slow, None),
        );
    }
}

struct Work {
    db: Database,
    limits: Limits,
    batch_max: usize,
    state: Arc<AppState>,
}

impl Work {
    async fn decide_all(
        &self,
        lane: Lane,
        mut queue: mpsc::Receiver<Waiting>,
        slow: Option<mpsc::Sender<Waiting>>,
    ) {
        let mut batch = Vec::with_capacity(self.batch_max);
        while queue.recv_many(&mut batch, self.batch_max).await > 0 {
            // What does not fit into the first transaction comes next, before what came later.
            while !batch.is_empty() {
                let left = self.decide(lane, in_time(std::mem::take(&mut batch))).await;
                batch = left.later;
                for waiting in left.locked {
                    let sent = slow.as_ref().map(|slow| slow.try_send(waiting));
                    if let Some(Err(full)) = sent {
                        answer(full.into_inner(), Err(Error::Busy));
                    }
                }
            }
        }
    }

    /// Decides a batch and answers it; gives back what had no turn.
    async fn decide(&self, lane: Lane, waiting: Vec<Waiting>) -> Left {
        let commands: Vec<Command> = waiting.iter().map(|one| one.command.clone()).collect();
        let begun = Instant::now();
        let decided = self.decide_together(lane, commands).await;
        let seconds = begun.elapsed().as_secs_f64();
        self.state.counters.batch(lane.name(), seconds);
        let mut left = Left::default();
        for (one, turn) in waiting.into_iter().zip(decided) {
            match turn {
                Ok(Turn::Later) => left.later.push(one),
                Ok(Turn::Locked) => left.locked.push(one),
                Ok(Turn::Decided(Ok(done))) => answer(one, Ok(done)),
                Ok(Turn::Decided(Err(refusal))) => answer(one, Err(refused(refusal))),
                Err(error) => answer(one, Err(error)),
            }
        }
        left
    }

    /// Each command's turn, or why it had none, in their order.
    async fn decide_together(
        &self,
        lane: Lane,
        commands: Vec<Command>,
    ) -> Vec<Result<Turn, Error>> {
        let count = commands.len();
        let commands: Arc<[Command]> = commands.into();
        let error = match self.transact(lane, Arc::clone(&commands)).await {
            Ok(turns) => return turns.into_iter().map(Ok).collect(),
            Err(error) => error,
        };
        tracing::warn!(cause = %error, commands = count, "a batch could not be decided");
        if count == 1 || is_passing(&error) {
            return commands.iter().map(|_| Err(copy(&error))).collect();
        }
        // One of them is to blame; the others must not suffer for it.
        let mut turns = Vec::with_capacity(count);
        for command in commands.iter() {
            let decided = self.transact(lane, Arc::new([command.clone()])).await;
            turns.push(decided.and_then(only));
        }
        turns
    }

    async fn transact(&self, lane: Lane, commands: Arc<[Command]>) -> Result<Vec<Turn>, Error> {
        let trail = self.state.trail();
        let mut attempt = 1;
        loop {
            let mut conn = self.db.get().await?;
            let decided: Result<_, Error> = conn
                .transaction(async |conn| {
                    let turns = batch::decide(conn, &trail, lane, &commands, &self.limits).await?;
                    reach_before_commit(&commands);
                    Ok(turns)
                })
                .await;
            match decided {
                Err(error) if error.is_conflict() && attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
                Ok(turns) => {
                    reach_after_commit(&commands);
                    return Ok(turns);
                }
            }
        }
    }
}

/// What a batch left over.
#[derive(Default)]
struct Left {
    /// There was no room in the transaction.
    later: Vec<Waiting>,
    /// It needs what somebody else has locked.
    locked: Vec<Waiting>,
}

/// Answers whoever waited too long, and leaves out whoever does not wait any more.
fn in_time(waiting: Vec<Waiting>) -> Vec<Waiting> {
    let mut left = Vec::with_capacity(waiting.len());
    for one in waiting {
        if one.since.elapsed() > PATIENCE {
            answer(one, Err(Error::Busy));
        } else if !one.answer.is_closed() {
            left.push(one);
        }
    }
    left
}

fn answer(waiting: Waiting, what: Result<Done, Error>) {
    // Whoever does not listen any more asks again and gets the same answer.
    let _ = waiting.answer.send(what);
}

/// Goods that were held for an order that is then refused are given back so rarely that nobody would come to a point there.
fn reach_before_commit(commands: &[Command]) {
    for command in commands {
        match command {
            Command::Reserve(_) => failpoint::reach("inventory.reserving"),
            Command::Sell(_) => failpoint::reach("inventory.selling"),
            Command::GiveBack(_) => {}
        }
    }
}

fn reach_after_commit(commands: &[Command]) {
    for command in commands {
        match command {
            Command::Reserve(_) => failpoint::reach("inventory.reserved"),
            Command::Sell(_) => failpoint::reach("inventory.sold"),
            Command::GiveBack(_) => {}
        }
    }
}

fn only(turns: Vec<Turn>) -> Result<Turn, Error> {
    let turn = turns.into_iter().next();
    turn.ok_or_else(|| Error::Bug("a command had no turn".to_owned()))
}

fn refused(refusal: Refusal) -> Error {
    match refusal {
        Refusal::OtherLines => Error::Conflict("the order holds other lines"),
        Refusal::Released => Error::InvalidState("the order was given up"),
        Refusal::Sold => Error::InvalidState("the order is sold"),
        Refusal::Insufficient(missing) => Error::Insufficient(missing),
        Refusal::Limit { seconds } => Error::Limit { seconds },
    }
}

/// Whether the same batch may succeed in a moment.
fn is_passing(error: &Error) -> bool {
    matches!(
        error,
        Error::Db(DbError::Unavailable(_) | DbError::Conflict(_))
    )
}

/// The same failure for another command of the batch.
fn copy(error: &Error) -> Error {
    match error {
        Error::Db(DbError::Unavailable(cause) | DbError::Conflict(cause)) => {
            Error::Db(DbError::Unavailable(cause.clone()))
        }
        other => Error::Bug(other.to_string()),
    }
}
