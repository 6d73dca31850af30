//! Deciding a batch of commands, one after another, against what is there.
//!
//! The shelf is what the database said under lock. Deciding changes the shelf only, so that an order sees what the ones
//! before it took; what was decided is written afterwards, all at once.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::ids::{OrderId, UserId, VariantId};
use super::lines::Lines;
use super::reservation::{self, Commit, Release, Reserved, State};

/// What one buyer and one order may hold. Zero switches a limit off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Other orders of a buyer that may hold something beside this one, and this one.
    pub orders_per_user: i64,
    /// Units that a buyer's other orders may hold until no further order is taken.
    pub units_per_user: i64,
    /// Units of one order.
    pub units_per_order: i64,
    /// Orders to one address that may hold something at a time.
    pub orders_per_address: i64,
}

/// An order that wants to hold something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Which order.
    pub order: OrderId,
    /// Whose.
    pub user: UserId,
    /// A keyed hash of where it goes.
    pub address: Option<String>,
    /// What it wants.
    pub lines: Lines,
    /// For how long, in seconds.
    pub ttl_secs: i64,
}

/// What a buyer holds with all orders whose time is not over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// How many orders.
    pub orders: i64,
    /// How many units.
    pub units: i64,
    /// Until the first of them ends.
    pub seconds: i64,
}

/// What is there, and who holds what.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    /// By the clock that holds go by.
    pub now: DateTime<Utc>,
    /// What can be bought; a variant that cannot be bought is absent.
    pub available: HashMap<VariantId, i64>,
    /// Orders that were heard of before.
    pub known: HashMap<OrderId, Reserved>,
    /// What was held when the batch began. What the batch itself gives up still counts, as it is given up just now.
    pub by_user: HashMap<UserId, Held>,
    /// The same by address.
    pub by_address: HashMap<String, Held>,
}

/// What becomes of an order that wants to hold something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It holds its lines from now on, for the first time.
    Hold,
    /// It holds them again.
    HoldAgain,
    /// It held them all the time; its time begins anew, as it was over.
    Renew,
    /// It was answered before; nothing changes.
    AsBefore,
    /// It holds nothing.
    Refused(Refusal),
}

/// Why an order holds nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The same order with other lines.
    OtherLines,
    /// The order was given up.
    Released,
    /// The order is sold.
    Sold,
    /// Too few are there.
    Insufficient(Vec<Shortage>),
    /// The buyer holds as much as one may; when there will be room, at the latest.
    Limit {
        /// Seconds until the first of the other holds ends.
        seconds: i64,
    },
}

/// A line that there is too little for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortage {
    /// Of what.
    pub variant: VariantId,
    /// How many are wanted.
    pub wanted: i64,
    /// How many are left.
    pub available: i64,
}

impl Shelf {
    /// Decides one order that wants to hold something, and takes from the shelf what it gets. Wholly or not at all.
    pub fn reserve(&mut self, ask: &Ask, limits: &Limits) -> Decision {
        let decision = self.judge(ask, limits);
        match decision {
            Decision::Hold | Decision::HoldAgain => {
                add(&mut self.available, &ask.lines, -1);
                self.note(ask);
            }
            Decision::Renew => self.note(ask),
            Decision::AsBefore | Decision::Refused(_) => {}
        }
        decision
    }

    /// Decides one order that was paid. Wholly or not at all.
    pub fn sell(&mut self, order: OrderId) -> Commit {
        let known = self.known.get(&order);
        let is_left = known.is_some_and(|known| self.shortages(&known.lines).is_empty());
        let decided = reservation::commit(known.map(|known| known.state), is_left);
        let Some(known) = self.known.get_mut(&order) else {
            return decided;
        };
        match decided {
            Commit::Held => known.state = State::Committed,
            Commit::FromShelf => {
                known.state = State::Committed;
                known.is_reallocated = true;
                add(&mut self.available, &known.lines, -1);
            }
            Commit::GiveUp => known.state = State::Released,
            Commit::Already | Commit::Unavailable => {}
        }
        decided
    }

    /// Decides one order that is given up, also if it was never heard of.
    pub fn give_back(&mut self, order: OrderId) -> Release {
        let decided = reservation::release(self.known.get(&order).map(|known| known.state));
        if matches!(decided, Release::Held | Release::Bar) {
            let known = self.known.entry(order).or_insert_with(|| Reserved {
                order,
                state: State::Released,
                expires_at: None,
                is_extended: false,
                is_reallocated: false,
                lines: Lines::default(),
            });
            known.state = State::Released;
            if decided == Release::Held {
                add(&mut self.available, &known.lines, 1);
            }
        }
        decided
    }

    fn judge(&self, ask: &Ask, limits: &Limits) -> Decision {
        let is_past = |known: &Reserved| known.expires_at.is_none_or(|at| at <= self.now);
        let taken = match self.known.get(&ask.order) {
            None => Decision::Hold,
            Some(known) if known.state == State::Released => {
                return Decision::Refused(Refusal::Released);
            }
            Some(known) if known.lines != ask.lines => {
                return Decision::Refused(Refusal::OtherLines);
            }
            Some(known) => match known.state {
                State::Active if is_past(known) => Decision::Renew,
                State::Active | State::Committed | State::Released => return Decision::AsBefore,
                State::Expired => Decision::HoldAgain,
            },
        };
        // What it still holds need not be there a second time.
        if taken != Decision::Renew {
            let missing = self.shortages(&ask.lines);
            if !missing.is_empty() {
                return Decision::Refused(Refusal::Insufficient(missing));
            }
        }
        match self.limit(ask, limits) {
            Some(seconds) => Decision::Refused(Refusal::Limit { seconds }),
            None => taken,
        }
    }

    /// The lines that there is too little for.
    fn shortages(&self, lines: &Lines) -> Vec<Shortage> {
        lines
            .iter()
            .map(|(variant, wanted)| Shortage {
                variant,
                wanted,
                available: self.available.get(&variant).copied().unwrap_or(0),
            })
            .filter(|line| line.available < line.wanted)
            .collect()
    }

    /// How long until there may be room, if the buyer or the address is at a limit.
    fn limit(&self, ask: &Ask, limits: &Limits) -> Option<i64> {
        let reached = |held: i64, limit: i64| limit > 0 && held >= limit;
        let mine = self.by_user.get(&ask.user).copied().unwrap_or_default();
        if reached(mine.orders, limits.orders_per_user)
            || reached(mine.units, limits.units_per_user)
        {
            return Some(mine.seconds);
        }
        let address = ask.address.as_ref()?;
        let there = self.by_address.get(address).copied().unwrap_or_default();
        reached(there.orders, limits.orders_per_address).then_some(there.seconds)
    }

    /// Counts the order among those that hold something from now on.
    fn note(&mut self, ask: &Ask) {
        let count = |held: &mut Held| {
            held.seconds = if held.orders == 0 {
                ask.ttl_secs
            } else {
                held.seconds.min(ask.ttl_secs)
            };
            held.orders += 1;
            held.units += ask.lines.units();
        };
        count(self.by_user.entry(ask.user).or_default());
        if let Some(address) = &ask.address {
            count(self.by_address.entry(address.clone()).or_default());
        }
        let reserved = Reserved {
            order: ask.order,
            state: State::Active,
            expires_at: Some(self.now + TimeDelta::seconds(ask.ttl_secs)),
            is_extended: false,
            is_reallocated: false,
            lines: ask.lines.clone(),
        };
        self.known.insert(ask.order, reserved);
    }
}

/// Puts lines on the shelf, or takes them off it. What cannot be bought is not on it, and stays off.
fn add(available: &mut HashMap<VariantId, i64>, lines: &Lines, sign: i64) {
    for (variant, quantity) in lines.iter() {
        if let Some(there) = available.get_mut(&variant) {
            *there += sign * quantity;
        }
    }
}

#[cfg(test)]
mod tests;
