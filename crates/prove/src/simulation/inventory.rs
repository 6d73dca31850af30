//! Stock, decided by the rules of `inventory::domain`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use inventory::domain::ids::{OrderId, UserId, VariantId};
use inventory::domain::lines::Lines;
use inventory::domain::reservation::{self, Commit, Extend, Release, Reserved, State};
use inventory::domain::shelf::{Ask, Decision, Limits, Shelf};
use uuid::Uuid;

use super::network::{Event, Network};

/// How long goods are held, in seconds; and how long after an extension.
const HOLD: i64 = 900;
const EXTENDED: i64 = 1_800;

const NO_LIMITS: Limits = Limits {
    orders_per_user: 0,
    units_per_user: 0,
    units_per_order: 0,
    orders_per_address: 0,
};

/// What changed what is on hand.
#[derive(Debug)]
pub(super) struct Movement {
    pub(super) variant: u64,
    pub(super) order: u64,
    pub(super) delta: i64,
}

#[derive(Debug, Default)]
pub(super) struct Inventory {
    pub(super) initial: BTreeMap<u64, i64>,
    pub(super) on_hand: BTreeMap<u64, i64>,
    pub(super) reserved: BTreeMap<u64, i64>,
    pub(super) known: BTreeMap<u64, Reserved>,
    held_at: BTreeMap<u64, i64>,
    pub(super) movements: Vec<Movement>,
    returned_for: BTreeSet<u64>,
    pub(super) sells_again: bool,
    pub(super) restocks_again: bool,
}

pub(super) fn uuid(number: u64) -> Uuid {
    Uuid::from_u128(u128::from(number))
}

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

fn number(variant: VariantId) -> u64 {
    u64::try_from(variant.0.as_u128()).unwrap_or_default()
}

impl Inventory {
    pub(super) fn stock(&mut self, variant: u64, count: i64) {
        self.initial.insert(variant, count);
        self.on_hand.insert(variant, count);
        self.reserved.insert(variant, 0);
    }

    /// What a batch with this one command reads under its locks.
    fn shelf(&self, order: u64, now: i64) -> Shelf {
        let available = self.on_hand.iter().map(|(variant, on_hand)| {
            let reserved = self.reserved.get(variant).copied().unwrap_or(0);
            (VariantId(uuid(*variant)), on_hand - reserved)
        });
        let known = self.known.get(&order).cloned();
        Shelf {
            now: time(now),
            available: available.collect(),
            known: known.into_iter().map(|one| (one.order, one)).collect(),
            by_user: HashMap::new(),
            by_address: HashMap::new(),
        }
    }

    /// Writes down what the shelf says of an order now, and what that changes.
    fn write(&mut self, order: u64, shelf: &Shelf, on_hand: i64, reserved: i64) {
        let Some(known) = shelf.known.get(&OrderId(uuid(order))) else {
            return;
        };
        for (variant, quantity) in known.lines.iter() {
            let variant = number(variant);
            *self.on_hand.entry(variant).or_default() += on_hand * quantity;
            *self.reserved.entry(variant).or_default() += reserved * quantity;
            if on_hand != 0 {
                self.movements.push(Movement {
                    variant,
                    order,
                    delta: on_hand * quantity,
                });
            }
        }
        self.known.insert(order, known.clone());
    }

    /// Holds goods; answers until when, if they are held.
    pub(super) fn reserve(&mut self, order: u64, lines: &[(u64, i64)], now: i64) -> Option<i64> {
        let lines = lines
            .iter()
            .map(|(variant, quantity)| (VariantId(uuid(*variant)), *quantity));
        let ask = Ask {
            order: OrderId(uuid(order)),
            user: UserId(uuid(1)),
            address: None,
            lines: Lines::stored(lines),
            ttl_secs: HOLD,
        };
        let mut shelf = self.shelf(order, now);
        match shelf.reserve(&ask, &NO_LIMITS) {
            Decision::Hold | Decision::HoldAgain => self.write(order, &shelf, 0, 1),
            Decision::Renew => self.write(order, &shelf, 0, 0),
            Decision::AsBefore => {
                let known = self.known.get(&order)?;
                return known.expires_at.map(|at| at.timestamp());
            }
            Decision::Refused(_) => return None,
        }
        self.held_at.insert(order, now);
        let known = self.known.get(&order)?;
        known.expires_at.map(|at| at.timestamp())
    }

    /// Sells what an order holds or held; answers whether it did.
    pub(super) fn sell(&mut self, order: u64, now: i64) -> bool {
        let mut shelf = self.shelf(order, now);
        if self.sells_again
            && let Some(known) = shelf.known.get_mut(&OrderId(uuid(order)))
            && known.state == State::Committed
        {
            known.state = State::Expired;
        }
        match shelf.sell(OrderId(uuid(order))) {
            Commit::Held => self.write(order, &shelf, -1, -1),
            Commit::FromShelf => self.write(order, &shelf, -1, 0),
            Commit::GiveUp => {
                self.write(order, &shelf, 0, 0);
                return false;
            }
            Commit::Already => {}
            Commit::Unavailable => return false,
        }
        true
    }

    /// Gives back what an order holds, also one that was never heard of.
    pub(super) fn give_back(&mut self, order: u64, now: i64) {
        let mut shelf = self.shelf(order, now);
        match shelf.give_back(OrderId(uuid(order))) {
            Release::Held => self.write(order, &shelf, 0, -1),
            Release::Bar => self.write(order, &shelf, 0, 0),
            Release::Already | Release::Refused => {}
        }
    }

    /// Holds goods longer, once; answers until when.
    pub(super) fn extend(&mut self, order: u64, now: i64) -> Option<i64> {
        let begun = self.held_at.get(&order).copied().unwrap_or(now);
        let known = self.known.get_mut(&order)?;
        match reservation::extend(known.state, known.is_extended) {
            Extend::Once => {
                let until = known.expires_at.max(Some(time(begun + EXTENDED)));
                // It is over, also with that.
                until.filter(|until| *until > time(now))?;
                known.expires_at = until;
                known.is_extended = true;
            }
            Extend::Already => {}
            Extend::Refused => return None,
        }
        known.expires_at.map(|at| at.timestamp())
    }

    /// Ends the holds whose time is over, and says so.
    pub(super) fn expire(&mut self, now: i64, network: &mut Network) {
        for (order, known) in &mut self.known {
            let ended = known.expires_at.filter(|at| *at <= time(now));
            let (State::Active, Some(at)) = (known.state, ended) else {
                continue;
            };
            known.state = State::Expired;
            for (variant, quantity) in known.lines.iter() {
                *self.reserved.entry(number(variant)).or_default() -= quantity;
            }
            network.promise(Event::ReservationExpired {
                order: *order,
                at: at.timestamp(),
            });
        }
    }

    /// What inventory knows of an order: whether its hold is over, and since when.
    pub(super) fn ended(&self, order: u64) -> Option<Option<i64>> {
        match self.known.get(&order) {
            None => Some(None),
            Some(known) if matches!(known.state, State::Expired | State::Released) => {
                Some(known.expires_at.map(|at| at.timestamp()))
            }
            Some(_) => None,
        }
    }

    /// Puts back what a refund brings back, once for each refund, and never more than the buyer has.
    pub(super) fn restock(&mut self, order: u64, refund: u64, lines: &[(u64, i64)]) {
        if !self.returned_for.insert(refund) && !self.restocks_again {
            return;
        }
        for (variant, quantity) in lines {
            let moved = self
                .movements
                .iter()
                .filter(|one| one.order == order && one.variant == *variant);
            let kept: i64 = -moved.map(|one| one.delta).sum::<i64>();
            let back = if self.restocks_again {
                *quantity
            } else {
                (*quantity).min(kept)
            };
            if back > 0 {
                *self.on_hand.entry(*variant).or_default() += back;
                self.movements.push(Movement {
                    variant: *variant,
                    order,
                    delta: back,
                });
            }
        }
    }
}
