//! Locks of a batch, and which of its commands they leave for another time.
//!
//! Locks are taken in one order by everybody: those of orders, buyers and addresses, then rows of reservations, then those of
//! variants and their rows, each sorted.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel_async::AsyncPgConnection;

use super::Command;
use super::batch::Lane;
use crate::app::Error;
use crate::domain::ids::{OrderId, VariantId};
use crate::domain::lines::Lines;
use crate::domain::reservation::{Reserved, State};
use crate::domain::shelf::Limits;
use crate::store;
use crate::store::locks::LockKey;
use crate::store::stock::{LockedItem, TriedLock};

/// Variants that are locked in one transaction: the server's room for locks is bounded. One order has at most a hundred.
const VARIANTS_MAX: usize = 1_000;

/// How far a command has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    Ready,
    Locked,
    Later,
}

/// A command of a batch that is being locked for.
pub(super) struct Candidate<'a> {
    pub(super) command: &'a Command,
    pub(super) stand: Stand,
}

/// Commands that nothing stands in the way of.
pub(super) fn ready<'a>(candidates: &'a [Candidate<'a>]) -> impl Iterator<Item = &'a Command> {
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
pub(super) async fn lock_keys(
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
pub(super) fn make_room(
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
pub(super) async fn lock_stock(
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
