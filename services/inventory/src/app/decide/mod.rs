//! Deciding what orders hold, sell and give back: orders that wait together are decided together, in one transaction.
//!
//! One order after another would have each wait for the commit of the one before; on a variant that everybody wants that is
//! some hundred orders a second, however many connections there are. Here a batch takes what waits, decides it in memory,
//! and pays for one commit.
//!
//! The fast lane never waits for a lock. An order that needs a row, or a buyer, that somebody else has locked goes to the
//! slow lane, which waits, so that it does not hold up the others.

mod batch;
mod changes;
mod lanes;
mod locking;

use common::database::Database;
use diesel_async::AsyncPgConnection;
use messaging::Trail;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::Error;
use super::counters::{Asked, Counters};
use crate::config::Settings;
use crate::domain::ids::OrderId;
use crate::domain::reservation::{Release, Reserved};
use crate::domain::shelf::{Ask, Limits, Refusal};

pub(crate) use lanes::Lanes;

/// Places in the queue that orders which want to hold something leave free: what is paid must not wait for them.
const KEPT_FREE: usize = 1_024;

/// What is wanted for an order.
#[derive(Debug, Clone)]
enum Command {
    /// It holds its lines.
    Reserve(Ask),
    /// What it holds, or held, is sold.
    Sell(OrderId),
    /// It holds nothing, now and later.
    GiveBack(OrderId),
}

impl Command {
    fn order(&self) -> OrderId {
        match self {
            Self::Reserve(ask) => ask.order,
            Self::Sell(order) | Self::GiveBack(order) => *order,
        }
    }
}

/// What was done for an order.
#[derive(Debug)]
enum Done {
    Reserved(Hold, Reserved),
    Sold(Sold),
    GivenBack(Release),
}

/// Whether a hold began with the request that asks about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// It begins now.
    Begins,
    /// The order was answered before.
    AsBefore,
}

/// What selling came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sold {
    /// What was held is sold.
    Committed,
    /// The hold had ended, and all of it was still there.
    Reallocated,
    /// There is nothing to sell.
    Unavailable,
}

impl Sold {
    /// The name in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Reallocated => "reallocated",
            Self::Unavailable => "unavailable",
        }
    }
}

/// A command that waits for its decision.
struct Waiting {
    command: Command,
    since: Instant,
    answer: oneshot::Sender<Result<Done, Error>>,
}

/// Takes commands and answers each once it is decided and stored.
pub(crate) struct Decider {
    queue: mpsc::Sender<Waiting>,
    counters: Counters,
}

impl Decider {
    /// The end that asks, and the one that decides. `db` is for the lanes alone: a batch must not wait for a connection behind
    /// what it would answer.
    pub(crate) fn new(db: Database, settings: &Settings, counters: Counters) -> (Self, Lanes) {
        let (queue, waiting) = mpsc::channel(settings.reserve_waiting + KEPT_FREE);
        let lanes = Lanes::new(db, settings, waiting);
        (Self { queue, counters }, lanes)
    }

    /// Holds stock for an order, or says why not.
    pub(crate) async fn reserve(&self, ask: Ask) -> Result<(Hold, Reserved), Error> {
        let answer = self.try_reserve(ask).await;
        self.counters.asked(match &answer {
            Ok(_) => Asked::Held,
            Err(Error::Insufficient(_)) => Asked::Insufficient,
            Err(Error::Limit { .. }) => Asked::Limited,
            Err(Error::Conflict(_) | Error::InvalidState(_)) => Asked::Refused,
            Err(_) => Asked::Failed,
        });
        answer
    }

    async fn try_reserve(&self, ask: Ask) -> Result<(Hold, Reserved), Error> {
        if self.queue.capacity() <= KEPT_FREE {
            return Err(Error::Busy);
        }
        match self.wait_for(Command::Reserve(ask)).await? {
            Done::Reserved(hold, reserved) => Ok((hold, reserved)),
            other => Err(mistaken(&other)),
        }
    }

    /// Sells what an order holds, or held if all of it is still there.
    pub(crate) async fn sell(&self, order: OrderId) -> Result<Sold, Error> {
        match self.wait_for(Command::Sell(order)).await? {
            Done::Sold(sold) => Ok(sold),
            other => Err(mistaken(&other)),
        }
    }

    /// Gives back what an order holds, and bars it from holding anything ever again. A sold order stays sold.
    pub(crate) async fn give_back(&self, order: OrderId) -> Result<(), Error> {
        match self.wait_for(Command::GiveBack(order)).await? {
            Done::GivenBack(_) => Ok(()),
            other => Err(mistaken(&other)),
        }
    }

    async fn wait_for(&self, command: Command) -> Result<Done, Error> {
        let (answer, decided) = oneshot::channel();
        let waiting = Waiting {
            command,
            since: Instant::now(),
            answer,
        };
        self.queue.try_send(waiting).map_err(|_full| Error::Busy)?;
        decided.await.map_err(|_gone| Error::Busy)?
    }
}

/// Gives back what an order holds in the caller's transaction, where nothing may be locked yet.
pub(super) async fn give_back_within(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    limits: &Limits,
    order: OrderId,
) -> Result<Release, Error> {
    let command = [Command::GiveBack(order)];
    let mut turns = batch::decide(conn, trail, batch::Lane::Slow, &command, limits).await?;
    match turns.pop() {
        Some(batch::Turn::Decided(Ok(Done::GivenBack(release)))) => Ok(release),
        Some(batch::Turn::Decided(Err(Refusal::Sold))) => Ok(Release::Refused),
        other => Err(Error::Bug(format!("a release was answered with {other:?}"))),
    }
}

fn mistaken(done: &Done) -> Error {
    Error::Bug(format!("another question was answered: {done:?}"))
}
