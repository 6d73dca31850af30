//! One batch: lock, read, decide, write.
//!
//! Locks are taken in one order by everybody: those of orders, buyers and addresses, then rows of reservations, then those of
//! variants and their rows, each sorted.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel_async::AsyncPgConnection;

use super::changes::Changes;
use super::{Command, Done, Hold, Sold};
use crate::app::trail::Trail;
use crate::app::{Error, queries};
use crate::domain::ids::{OrderId, UserId, VariantId};
use crate::domain::lines::Lines;
use crate::domain::reservation::{Commit, Release, Reserved, State};
use crate::domain::shelf::{Ask, Decision, Limits, Refusal, Shelf};
use crate::store;
use crate::store::locks::LockKey;
use crate::store::stock::{LockedItem, TriedLock};

/// Variants that are locked in one transaction: the server's room for locks is bounded. One order has at most a hundred.
const VARIANTS_MAX: usize = 1_000;

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

/// How far a command has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    Ready,
    Locked,
    Later,
}

struct Candidate<'a> {
    command: &'a Command,
    stand: Stand,
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

fn ready<'a>(candidates: &'a [Candidate<'a>]) -> impl Iterator<Item = &'a Command> {
    candidates
        .iter()
        .filter(|candidate| candidate.stand == Stand::Ready)
        .map(|candidate| candidate.command)
}

/// What must be locked before anything is known of an order.
fn keys_of(command: &Command, limits: &Limits) -> Vec<LockKey> {
    let mut keys = vec![LockKey::order(command.order())];
    if let Command::Reserve(ask) = command {
        keys.push(LockKey::user(ask.user));
        let address = ask.address.as_deref();
        let address = address.filter(|_| limits.orders_per_address > 0);
        keys.extend(address.map(LockKey::address));
    }
    keys
}

/// Locks orders, buyers and addresses.
async fn lock_keys(
    conn: &mut AsyncPgConnection,
    lane: Lane,
    limits: &Limits,
    candidates: &mut [Candidate<'_>],
) -> Result<(), Error> {
    let keys = ready(candidates).flat_map(|command| keys_of(command, limits));
    let keys: BTreeSet<LockKey> = keys.collect();
    let keys: Vec<LockKey> = keys.into_iter().collect();
    if lane == Lane::Slow {
        return Ok(store::locks::all(conn, &keys).await?);
    }
    let obtained = store::locks::try_all(conn, &keys).await?;
    let obtained: HashSet<LockKey> = obtained.into_iter().collect();
    for candidate in candidates {
        let keys = keys_of(candidate.command, limits);
        if !keys.iter().all(|key| obtained.contains(key)) {
            candidate.stand = Stand::Locked;
        }
    }
    Ok(())
}

/// What a command may take or give back. What is sold or given up changes nothing any more.
fn lines_of<'a>(command: &'a Command, known: &'a HashMap<OrderId, Reserved>) -> Option<&'a Lines> {
    match command {
        Command::Reserve(ask) => Some(&ask.lines),
        // Unknown here and known by its turn: a command before it in this batch wants the same lines.
        Command::Sell(order) | Command::GiveBack(order) => known
            .get(order)
            .filter(|known| matches!(known.state, State::Active | State::Expired))
            .map(|known| &known.lines),
    }
}

/// Puts off what is too much for one transaction; answers the variants of the others, sorted.
fn make_room(
    known: &HashMap<OrderId, Reserved>,
    candidates: &mut [Candidate<'_>],
) -> Vec<VariantId> {
    let mut wanted: BTreeSet<VariantId> = BTreeSet::new();
    for candidate in candidates {
        let lines = lines_of(candidate.command, known);
        let Some(lines) = lines.filter(|_| candidate.stand == Stand::Ready) else {
            continue;
        };
        let more = lines
            .variants()
            .filter(|variant| !wanted.contains(variant))
            .count();
        if wanted.len() + more > VARIANTS_MAX {
            candidate.stand = Stand::Later;
        } else {
            wanted.extend(lines.variants());
        }
    }
    wanted.into_iter().collect()
}

/// Locks the stock of commands that are ready.
async fn lock_stock(
    conn: &mut AsyncPgConnection,
    lane: Lane,
    wanted: &[VariantId],
    known: &HashMap<OrderId, Reserved>,
    candidates: &mut [Candidate<'_>],
) -> Result<Vec<LockedItem>, Error> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let tried = match lane {
        Lane::Fast => store::stock::try_lock(conn, wanted).await?,
        Lane::Slow => TriedLock {
            locked: store::stock::lock(conn, wanted).await?,
            others: Vec::new(),
        },
    };
    let others: HashSet<VariantId> = tried.others.into_iter().collect();
    for candidate in candidates {
        let lines = lines_of(candidate.command, known);
        let mut variants = lines.into_iter().flat_map(Lines::variants);
        if candidate.stand == Stand::Ready && variants.any(|variant| others.contains(&variant)) {
            candidate.stand = Stand::Locked;
        }
    }
    Ok(tried.locked)
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
        shelf.by_user = store::reservations::held_by_users(conn, &users).await?;
    }
    if limits.orders_per_address > 0 {
        let addresses: BTreeSet<String> = asks().filter_map(|ask| ask.address.clone()).collect();
        let addresses = addresses.into_iter().collect();
        shelf.by_address = store::reservations::held_by_addresses(conn, addresses).await?;
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
