//! One batch: lock, read, decide, write.

use std::collections::{BTreeSet, HashMap};

use diesel_async::AsyncPgConnection;
use messaging::Trail;

use super::changes::Changes;
use super::locking::{Candidate, Stand, lock_keys, lock_stock, make_room, ready};
use super::{Command, Done, Hold, Sold};
use crate::app::{Error, queries};
use crate::domain::ids::{OrderId, UserId};
use crate::domain::reservation::{Commit, Release, Reserved};
use crate::domain::shelf::{Ask, Decision, Limits, Refusal, Shelf};
use crate::store;
use crate::store::stock::LockedItem;

/// Whether a batch waits for locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// It takes what is free.
    Fast,
    /// It waits.
    Slow,
}

impl Lane {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Slow => "slow",
        }
    }
}

/// What becomes of one command.
#[derive(Debug)]
pub(super) enum Turn {
    /// It is answered.
    Decided(Result<Done, Refusal>),
    /// It needs what somebody else has locked, which this lane does not wait for.
    Locked,
    /// There was no room for it in this transaction. The first of a batch always has room.
    Later,
}

/// Decides commands one after another, and writes what comes of them.
pub(super) async fn decide(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    lane: Lane,
    commands: &[Command],
    limits: &Limits,
) -> Result<Vec<Turn>, Error> {
    let mut candidates: Vec<Candidate<'_>> = commands
        .iter()
        .map(|command| Candidate {
            command,
            stand: Stand::Ready,
        })
        .collect();
    lock_keys(conn, lane, limits, &mut candidates).await?;
    let orders: BTreeSet<OrderId> = ready(&candidates).map(Command::order).collect();
    let orders: Vec<OrderId> = orders.into_iter().collect();
    let known = queries::lock_reservations(conn, &orders).await?;
    let variants = make_room(&known, &mut candidates);
    let locked = lock_stock(conn, lane, &variants, &known, &mut candidates).await?;
    let shelf = read(conn, &candidates, limits, known, &locked).await?;
    let mut batch = Batch {
        shelf,
        changes: Changes::default(),
    };
    let mut turns = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        turns.push(match candidate.stand {
            Stand::Ready => Turn::Decided(batch.decide(candidate.command, limits)?),
            Stand::Locked => Turn::Locked,
            Stand::Later => Turn::Later,
        });
    }
    batch.changes.write(conn, trail).await?;
    Ok(turns)
}

/// Reads what else deciding needs, under the locks.
async fn read(
    conn: &mut AsyncPgConnection,
    candidates: &[Candidate<'_>],
    limits: &Limits,
    known: HashMap<OrderId, Reserved>,
    locked: &[LockedItem],
) -> Result<Shelf, Error> {
    let for_sale = locked.iter().filter(|item| item.is_active);
    let mut shelf = Shelf {
        available: for_sale
            .map(|item| (item.variant(), item.available()))
            .collect(),
        known,
        ..Shelf::default()
    };
    let asks = || {
        ready(candidates).filter_map(|command| match command {
            Command::Reserve(ask) => Some(ask),
            Command::Sell(_) | Command::GiveBack(_) => None,
        })
    };
    if asks().next().is_none() {
        return Ok(shelf);
    }
    shelf.now = store::reservations::clock(conn).await?;
    if limits.orders_per_user > 0 || limits.units_per_user > 0 {
        let users: BTreeSet<UserId> = asks().map(|ask| ask.user).collect();
        let users: Vec<UserId> = users.into_iter().collect();
        shelf.by_user = store::holders::held_by_users(conn, &users).await?;
    }
    if limits.orders_per_address > 0 {
        let addresses: BTreeSet<String> = asks().filter_map(|ask| ask.address.clone()).collect();
        let addresses = addresses.into_iter().collect();
        shelf.by_address = store::holders::held_by_addresses(conn, addresses).await?;
    }
    Ok(shelf)
}

/// A batch while it is decided: what is there, and what is to be written.
struct Batch {
    shelf: Shelf,
    changes: Changes,
}

impl Batch {
    fn decide(
        &mut self,
        command: &Command,
        limits: &Limits,
    ) -> Result<Result<Done, Refusal>, Error> {
        match command {
            Command::Reserve(ask) => self.reserve(ask, limits),
            Command::Sell(order) => Ok(Ok(Done::Sold(self.sell(*order)?))),
            Command::GiveBack(order) => self.give_back(*order),
        }
    }

    fn reserve(&mut self, ask: &Ask, limits: &Limits) -> Result<Result<Done, Refusal>, Error> {
        let hold = match self.shelf.reserve(ask, limits) {
            Decision::Refused(refusal) => return Ok(Err(refusal)),
            Decision::AsBefore => Hold::AsBefore,
            Decision::Renew => self.begin(ask),
            Decision::HoldAgain => {
                self.changes.change(&ask.lines, |quantity| (0, quantity));
                self.begin(ask)
            }
            Decision::Hold => {
                self.changes.note_lines(ask);
                self.changes.change(&ask.lines, |quantity| (0, quantity));
                self.begin(ask)
            }
        };
        let reserved = known(&self.shelf, ask.order)?.clone();
        Ok(Ok(Done::Reserved(hold, reserved)))
    }

    fn begin(&mut self, ask: &Ask) -> Hold {
        self.changes.hold(ask, self.shelf.now);
        Hold::Begins
    }

    fn sell(&mut self, order: OrderId) -> Result<Sold, Error> {
        let decided = self.shelf.sell(order);
        if decided == Commit::Unavailable {
            return Ok(Sold::Unavailable);
        }
        let known = known(&self.shelf, order)?;
        match decided {
            Commit::Held => self.changes.sell(known, |quantity| (-quantity, -quantity)),
            Commit::FromShelf => self.changes.sell(known, |quantity| (-quantity, 0)),
            Commit::GiveUp => {
                self.changes.give_up(order);
                return Ok(Sold::Unavailable);
            }
            Commit::Already | Commit::Unavailable => {}
        }
        Ok(if known.is_reallocated {
            Sold::Reallocated
        } else {
            Sold::Committed
        })
    }

    fn give_back(&mut self, order: OrderId) -> Result<Result<Done, Refusal>, Error> {
        let decided = self.shelf.give_back(order);
        match decided {
            Release::Refused => return Ok(Err(Refusal::Sold)),
            Release::Already => {}
            Release::Bar => self.changes.give_up(order),
            Release::Held => {
                let known = known(&self.shelf, order)?;
                self.changes.change(&known.lines, |quantity| (0, -quantity));
                self.changes.give_up(order);
            }
        }
        Ok(Ok(Done::GivenBack(decided)))
    }
}

fn known(shelf: &Shelf, order: OrderId) -> Result<&Reserved, Error> {
    let known = shelf.known.get(&order);
    known.ok_or_else(|| Error::Bug(format!("order {order} is decided and not known")))
}
