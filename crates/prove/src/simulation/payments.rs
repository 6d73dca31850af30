//! Payments, decided by the rules of `payments::domain`; what is one transaction there is one call here.

use std::collections::BTreeMap;

use money::{Currency, Money};
use payments::domain::fees::FeeBearer;
use payments::domain::mode::Mode;
use payments::domain::observation::{self, Observation, Standing, Verdict};
use payments::domain::refund::{self, Origin, RefundStatus, Step};
use payments::domain::status::PaymentStatus;

use super::network::{Consumer, Event, Network};
use super::provider::{Provider, reference};

/// After so many seconds an attempt that nobody paid is over.
const SESSION: i64 = 900;
/// For so many seconds a capture that differs from what was due is held.
const MISMATCH_HOLD: i64 = 86_400;
/// After so many seconds a refund of the system that failed is decided again.
const AGAIN: i64 = 3_600;

#[derive(Debug)]
pub(super) struct Payment {
    pub(super) order: u64,
    pub(super) status: PaymentStatus,
    pub(super) due: i64,
    pub(super) paid: Option<i64>,
    pub(super) is_kept: bool,
    pub(super) is_held: bool,
    is_superseded: bool,
    has_address: bool,
    refund_due_at: Option<i64>,
    created_at: i64,
}

#[derive(Debug)]
pub(super) struct Refund {
    pub(super) payment: u64,
    pub(super) amount: i64,
    pub(super) status: RefundStatus,
    pub(super) origin: Origin,
    pub(super) number: Option<u64>,
    was_asked: bool,
    restock: Option<i64>,
}

#[derive(Debug, Default)]
pub(super) struct Payments {
    pub(super) all: BTreeMap<u64, Payment>,
    pub(super) refunds: BTreeMap<u64, Refund>,
    pub(super) accepts_any_amount: bool,
    pub(super) refunds_blindly: bool,
    pub(super) forgets_refunds_under_way: bool,
}

impl Payments {
    /// Finds the live attempt or makes another; answers it if it is to be opened at the provider.
    pub(super) fn begin(&mut self, order: u64, due: i64, id: u64, now: i64) -> Option<u64> {
        let of_order = |one: &&Payment| one.order == order;
        if self
            .all
            .values()
            .filter(of_order)
            .any(|one| one.is_kept || one.status == PaymentStatus::Paid && !one.is_held)
        {
            return None;
        }
        let mut live = self
            .all
            .iter_mut()
            .filter(|(_, one)| one.order == order && one.status.is_open() && !one.is_superseded);
        if let Some((id, live)) = live.next() {
            if live.has_address {
                return None;
            }
            // Its address may be lost: another takes its place once the provider says that it has it.
            if now % 2 == 0 {
                return Some(*id);
            }
            live.is_superseded = true;
        }
        self.all.insert(
            id,
            Payment {
                order,
                status: PaymentStatus::Initialized,
                due,
                paid: None,
                is_kept: false,
                is_held: false,
                is_superseded: false,
                has_address: false,
                refund_due_at: None,
                created_at: now,
            },
        );
        Some(id)
    }

    pub(super) fn note_address(&mut self, id: u64) {
        if let Some(one) = self.all.get_mut(&id) {
            one.has_address = true;
        }
    }

    /// Writes what follows from what the provider said at some time; `None`: it did not know the payment.
    pub(super) fn apply(
        &mut self,
        id: u64,
        seen: Option<&Observation>,
        now: i64,
        network: &mut Network,
    ) {
        let Some(one) = self.all.get_mut(&id) else {
            return;
        };
        let own = reference(id);
        let standing = Standing {
            status: one.status,
            reference: &own,
            due: Money::from_minor(one.due, Currency::Ngn),
            mode: Mode::Test,
            bearer: FeeBearer::Shop,
            is_over: one.created_at + SESSION <= now,
        };
        let verdict = match seen {
            Some(seen) => observation::judge(&standing, seen),
            None => observation::judge_unknown(&standing),
        };
        let charged = seen.map(|seen| seen.paid_minor);
        let order = one.order;
        match verdict {
            Verdict::Mismatched if !self.accepts_any_amount => {
                one.status = PaymentStatus::Paid;
                one.paid = charged;
                one.is_held = true;
                one.refund_due_at = Some(now + MISMATCH_HOLD);
            }
            Verdict::Captured | Verdict::Mismatched => {
                one.status = PaymentStatus::Paid;
                one.paid = charged;
                network.promise(Event::PaymentSucceeded {
                    order,
                    payment: id,
                    amount: one.due,
                });
            }
            Verdict::Pending => {
                one.status = PaymentStatus::Pending;
                network.promise(Event::PaymentPending { order });
            }
            Verdict::Ended(ending) => one.status = ending.status(),
            Verdict::Nothing | Verdict::Reversed | Verdict::Alien(_) => {}
        }
    }

    /// The order keeps it.
    ///
    /// # Errors
    /// It keeps another one already, which cannot be.
    pub(super) fn keep(
        &mut self,
        id: u64,
        event: u64,
        network: &mut Network,
    ) -> Result<(), String> {
        if !network.is_first(Consumer::Payments, event) {
            return Ok(());
        }
        let order = self.all.get(&id).map(|one| one.order);
        let is_other = |(other, one): (&u64, &Payment)| {
            Some(one.order) == order && one.is_kept && *other != id
        };
        if self.all.iter().any(is_other) {
            return Err(format!("payment {id} is kept beside another"));
        }
        match self.all.get_mut(&id) {
            Some(one) if one.status.is_captured() => {
                one.is_kept = true;
                Ok(())
            }
            _ => Err(format!("payment {id} is kept and not paid")),
        }
    }

    /// What went back of a payment or is decided to.
    pub(super) fn taken(&self, payment: u64) -> i64 {
        let counts = |one: &&Refund| one.payment == payment && one.status != RefundStatus::Failed;
        self.refunds
            .values()
            .filter(counts)
            .map(|one| one.amount)
            .sum()
    }

    /// The system pays back all that is left, once.
    pub(super) fn refund_all(&mut self, id: u64, refund: u64) {
        let taken = self.taken(id);
        let is_decided = self.refunds.values().any(|one| {
            one.payment == id && one.origin == Origin::System && one.status != RefundStatus::Failed
        });
        let Some(one) = self.all.get_mut(&id) else {
            return;
        };
        one.refund_due_at = None;
        let left = refund::cap(one.paid.unwrap_or(0), taken, None);
        if let (false, Ok(amount)) = (is_decided, left) {
            self.decide(id, refund, amount, Origin::System, None);
        }
    }

    /// Staff pays back some of a payment that is kept, or all that is left.
    pub(super) fn refund_some(
        &mut self,
        id: u64,
        refund: u64,
        wanted: Option<i64>,
        restock: Option<i64>,
    ) {
        let taken = if self.forgets_refunds_under_way {
            0
        } else {
            self.taken(id)
        };
        let Some(one) = self.all.get(&id).filter(|one| one.is_kept) else {
            return;
        };
        if let Ok(amount) = refund::cap(one.paid.unwrap_or(0), taken, wanted) {
            self.decide(id, refund, amount, Origin::Staff, restock);
        }
    }

    fn decide(
        &mut self,
        payment: u64,
        refund: u64,
        amount: i64,
        origin: Origin,
        restock: Option<i64>,
    ) {
        self.refunds.insert(
            refund,
            Refund {
                payment,
                amount,
                status: RefundStatus::Requested,
                origin,
                number: None,
                was_asked: false,
                restock,
            },
        );
    }

    /// Pays back what was held long enough, or failed before.
    pub(super) fn refund_due(&mut self, now: i64, mut next: impl FnMut() -> u64) {
        let is_due = |one: &Payment| !one.is_kept && one.refund_due_at.is_some_and(|at| at <= now);
        let due: Vec<u64> = self
            .all
            .iter()
            .filter(|(_, one)| is_due(one))
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            self.refund_all(id, next());
        }
    }

    /// Asks the provider to make a refund that is decided. `is_answered`: whether its answer arrives and is written.
    pub(super) fn ask(
        &mut self,
        id: u64,
        provider: &mut Provider,
        is_answered: bool,
        now: i64,
        network: &mut Network,
    ) {
        let Some(one) = self.refunds.get(&id) else {
            return;
        };
        let (payment, amount) = (one.payment, one.amount);
        if one.was_asked && !self.refunds_blindly {
            self.follow(payment, provider, now, network);
        }
        let Some(one) = self.refunds.get_mut(&id) else {
            return;
        };
        if one.number.is_some() || one.status != RefundStatus::Requested {
            return;
        }
        one.was_asked = true;
        let made = provider.refund(payment, id, amount);
        if !is_answered {
            return;
        }
        match made {
            Some(number) => {
                one.number = Some(number);
                one.status = RefundStatus::Processing;
            }
            None => self.step(id, RefundStatus::Failed, now, network),
        }
    }

    /// Writes how the refunds of a payment stand at the provider.
    pub(super) fn follow(
        &mut self,
        payment: u64,
        provider: &Provider,
        now: i64,
        network: &mut Network,
    ) {
        for (number, made) in provider
            .refunds
            .iter()
            .filter(|(_, made)| made.payment == payment)
        {
            let Some(one) = self.refunds.get_mut(&made.note) else {
                continue;
            };
            if one.number.is_none() {
                one.number = Some(*number);
            }
            self.step(made.note, made.status, now, network);
        }
    }

    fn step(&mut self, id: u64, seen: RefundStatus, now: i64, network: &mut Network) {
        let Some(one) = self.refunds.get_mut(&id) else {
            return;
        };
        let Step::To(status) = refund::follow(one.status, seen) else {
            return;
        };
        one.status = status;
        let (payment, amount, restock, origin) = (one.payment, one.amount, one.restock, one.origin);
        let back: i64 = self
            .refunds
            .values()
            .filter(|one| one.payment == payment && one.status == RefundStatus::Processed)
            .map(|one| one.amount)
            .sum();
        let Some(paid) = self.all.get_mut(&payment) else {
            return;
        };
        match status {
            RefundStatus::Processed => {
                let next = if back >= paid.paid.unwrap_or(0) {
                    PaymentStatus::Refunded
                } else {
                    PaymentStatus::PartiallyRefunded
                };
                if paid.status.may_become(next) {
                    paid.status = next;
                }
                network.promise(Event::RefundProcessed {
                    order: paid.order,
                    payment,
                    refund: id,
                    amount,
                    restock,
                });
            }
            RefundStatus::Failed if origin == Origin::System && !paid.is_kept => {
                paid.refund_due_at = Some(now + AGAIN);
            }
            _ => {}
        }
    }
}
