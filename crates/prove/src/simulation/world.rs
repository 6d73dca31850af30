//! One shop and everything that can happen to it, one step after another as the dice fall.

mod people;
mod rest;

use orders::domain::status::{Goods, OrderStatus};
use payments::domain::observation::Observation;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};

use super::bug::Bug;
use super::inventory::Inventory;
use super::network::{Consumer, Delivery, Event, Network};
use super::orders::Orders;
use super::payments::Payments;
use super::provider::Provider;

/// When everything begins, in seconds since 1970.
const BEGIN: i64 = 1_800_000_000;
/// A settlement of this age was interrupted; a hold that ended so long ago is asked about. In seconds.
const SETTLING_AGE: i64 = 10;
const OVERDUE_AGE: i64 = 30;

/// A process of orders between its two transactions.
#[derive(Debug, Clone)]
pub(super) struct Settlement {
    order: u64,
    payment: u64,
    event: Option<u64>,
    goods: Option<Goods>,
}

#[derive(Debug)]
pub(super) struct World {
    dice: Xoshiro256PlusPlus,
    pub(super) now: i64,
    ids: u64,
    pub(super) network: Network,
    pub(super) orders: Orders,
    pub(super) inventory: Inventory,
    pub(super) payments: Payments,
    pub(super) provider: Provider,
    settlements: Vec<Settlement>,
    /// What the provider said and nobody has written yet. It may be old when it is.
    answers: Vec<(u64, Option<Observation>)>,
    acknowledges_early: bool,
    never_sweeps: bool,
    /// What happened, if somebody wants to read it.
    pub(super) story: Option<Vec<String>>,
}

impl World {
    pub(super) fn new(seed: u64, bug: Option<Bug>) -> Self {
        let has = |one| bug == Some(one);
        let mut world = Self {
            dice: Xoshiro256PlusPlus::seed_from_u64(seed),
            now: BEGIN,
            ids: 100,
            network: Network::default(),
            orders: Orders::default(),
            inventory: Inventory::default(),
            payments: Payments::default(),
            provider: Provider::default(),
            settlements: Vec::new(),
            answers: Vec::new(),
            acknowledges_early: has(Bug::AcknowledgeEarly),
            never_sweeps: has(Bug::NeverSweep),
            story: None,
        };
        world.network.forgets_inbox = has(Bug::ForgetInbox);
        world.orders.cancels_while_settling = has(Bug::CancelWhileSettling);
        world.orders.swallows_unwanted = has(Bug::SwallowUnwanted);
        world.inventory.sells_again = has(Bug::SellAgain);
        world.inventory.restocks_again = has(Bug::RestockAgain);
        world.payments.accepts_any_amount = has(Bug::AcceptAnyAmount);
        world.payments.refunds_blindly = has(Bug::RefundBlindly);
        world.payments.forgets_refunds_under_way = has(Bug::ForgetRefundsUnderWay);
        for variant in [1, 2] {
            let count = world.dice.random_range(1..=4);
            world.inventory.stock(variant, count);
        }
        world
    }

    /// How many steps a schedule has.
    pub(super) fn length(&mut self) -> u32 {
        self.dice.random_range(20..=120)
    }

    fn next_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    fn is_lucky(&mut self, percent: u32) -> bool {
        self.dice.random_range(0..100) < percent
    }

    fn any<T>(&mut self, of: Vec<T>) -> Option<T> {
        if of.is_empty() {
            return None;
        }
        let index = self.dice.random_range(0..of.len());
        of.into_iter().nth(index)
    }

    fn any_order(&mut self) -> Option<u64> {
        self.any(self.orders.all.keys().copied().collect())
    }

    fn any_payment(&mut self) -> Option<u64> {
        self.any(self.payments.all.keys().copied().collect())
    }

    fn any_refund(&mut self) -> Option<u64> {
        self.any(self.payments.refunds.keys().copied().collect())
    }

    fn tell(&mut self, what: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story.push(what());
        }
    }

    /// Something happens.
    ///
    /// # Errors
    /// Something that cannot be.
    pub(super) fn step(&mut self) -> Result<(), String> {
        match self.dice.random_range(0..100) {
            0..8 => self.order(),
            8..11 => self.come_back_to_claim(),
            11..18 => self.initialize(),
            18..26 => self.pay(),
            26..34 => self.ask_provider(),
            34..41 => self.write_answer(),
            41..53 => self.publish(),
            53..71 => return self.deliver_one(),
            71..80 => return self.settle_one(),
            80..83 => self.cancel(),
            83..85 => self.send(),
            85..89 => self.pass_time(),
            89..91 => self.inventory.expire(self.now, &mut self.network),
            91..93 => self.sweep(),
            93..95 => self.refund_by_staff(),
            95..98 => self.ask_for_refund(),
            _ => self.go_on_with_refund(),
        }
        Ok(())
    }

    /// A webhook, the poller or the buyer's return: whoever comes asks the provider, which is all that it does.
    fn ask_provider(&mut self) {
        let Some(id) = self.any_payment() else { return };
        let seen = self.provider.observe(id);
        self.answers.push((id, seen));
    }

    fn write_answer(&mut self) {
        if self.answers.is_empty() {
            return;
        }
        let index = self.dice.random_range(0..self.answers.len());
        let (id, seen) = self.answers.swap_remove(index);
        self.tell(|| {
            format!(
                "payment {id} is seen as {:?}",
                seen.as_ref().map(|one| one.status)
            )
        });
        self.payments
            .apply(id, seen.as_ref(), self.now, &mut self.network);
    }

    fn publish(&mut self) {
        if self.network.outbox.is_empty() {
            return;
        }
        let index = self.dice.random_range(0..self.network.outbox.len());
        let is_noted = self.is_lucky(85);
        self.network.publish(index, is_noted);
    }

    fn deliver_one(&mut self) -> Result<(), String> {
        let Some(one) = self.any(self.network.queues.clone()) else {
            return Ok(());
        };
        let (arrives, is_acknowledged) = (self.is_lucky(85), self.is_lucky(85));
        self.deliver(&one, arrives, is_acknowledged)
    }

    fn deliver(
        &mut self,
        one: &Delivery,
        arrives: bool,
        is_acknowledged: bool,
    ) -> Result<(), String> {
        self.tell(|| {
            format!(
                "{:?} hears {}: {:?} (arrives {arrives}, acknowledged {is_acknowledged})",
                one.consumer, one.id, one.event
            )
        });
        if self.acknowledges_early {
            self.network.acknowledge(one.consumer, one.id);
        }
        if arrives && self.apply(one)? && is_acknowledged {
            self.network.acknowledge(one.consumer, one.id);
        }
        Ok(())
    }

    /// Applies an event in one transaction; answers whether it is done with.
    fn apply(&mut self, one: &Delivery) -> Result<bool, String> {
        let now = self.now;
        match (one.consumer, &one.event) {
            (Consumer::Orders, Event::PaymentSucceeded { order, payment, .. }) => {
                if !self
                    .orders
                    .begin(*order, *payment, one.id, now, &mut self.network)
                {
                    return Ok(true);
                }
                self.settlements.push(Settlement {
                    order: *order,
                    payment: *payment,
                    event: Some(one.id),
                    goods: None,
                });
                return Ok(false);
            }
            (
                Consumer::Payments,
                Event::OrderPaid {
                    payment: Some(payment),
                    ..
                },
            ) => {
                self.payments.keep(*payment, one.id, &mut self.network)?;
            }
            (consumer, event) if self.network.is_first(consumer, one.id) => {
                self.affect(consumer, event);
            }
            _ => {}
        }
        Ok(true)
    }

    /// The effect of an event that was not applied before.
    fn affect(&mut self, consumer: Consumer, event: &Event) {
        let now = self.now;
        match (consumer, event) {
            (Consumer::Orders, Event::PaymentPending { order }) => {
                let is_pending = self
                    .orders
                    .all
                    .get(order)
                    .is_some_and(|one| one.stage.status == OrderStatus::Pending);
                let until = if is_pending {
                    self.inventory.extend(*order, now)
                } else {
                    None
                };
                if let (Some(until), Some(order)) = (until, self.orders.all.get_mut(order)) {
                    order.expires_at = order.expires_at.max(until);
                }
            }
            (Consumer::Orders, Event::ReservationExpired { order, at }) => {
                self.orders.expire(*order, *at);
            }
            (
                Consumer::Orders,
                Event::RefundProcessed {
                    order,
                    payment,
                    refund,
                    amount,
                    restock,
                },
            ) => {
                self.orders.hear_refund(
                    (*order, *payment, *refund),
                    *amount,
                    *restock,
                    &mut self.network,
                );
            }
            (Consumer::Inventory, Event::OrderCancelled { order }) => {
                self.inventory.give_back(*order, now);
            }
            (
                Consumer::Inventory,
                Event::RestockRequested {
                    order,
                    refund,
                    lines,
                },
            ) => {
                self.inventory.restock(*order, *refund, lines);
            }
            (
                Consumer::Payments,
                Event::OrderUnallocated { payment } | Event::RefundRequested { payment },
            ) => {
                let refund = self.next_id();
                self.payments.refund_all(*payment, refund);
            }
            _ => {}
        }
    }

    fn settle_one(&mut self) -> Result<(), String> {
        if self.settlements.is_empty() {
            return Ok(());
        }
        let index = self.dice.random_range(0..self.settlements.len());
        if self.is_lucky(12) {
            let died = self.settlements.swap_remove(index);
            self.tell(|| format!("the settlement of {} dies", died.order));
            return Ok(());
        }
        self.go_on_settling(index)
    }

    fn go_on_settling(&mut self, index: usize) -> Result<(), String> {
        let now = self.now;
        let Some(one) = self.settlements.get_mut(index) else {
            return Ok(());
        };
        let Some(goods) = one.goods else {
            let is_sold = self.inventory.sell(one.order, now);
            one.goods = Some(if is_sold { Goods::Sold } else { Goods::Gone });
            return Ok(());
        };
        let one = self.settlements.swap_remove(index);
        self.tell(|| {
            format!(
                "order {} is settled by {}: {goods:?}",
                one.order, one.payment
            )
        });
        self.orders.write(
            (one.order, one.payment),
            goods,
            one.event,
            &mut self.network,
        )?;
        if let Some(event) = one.event {
            self.network.acknowledge(Consumer::Orders, event);
        }
        Ok(())
    }

    fn pass_time(&mut self) {
        let seconds = match self.dice.random_range(0..10) {
            0..6 => self.dice.random_range(1..=120),
            6..9 => self.dice.random_range(600..=2_000),
            _ => 90_000,
        };
        self.tell(|| format!("{seconds} s pass"));
        self.now += seconds;
    }

    fn sweep(&mut self) {
        if self.never_sweeps {
            return;
        }
        let now = self.now;
        for (id, order) in &self.orders.all {
            if let (Some(_), Some(payment)) = (order.stage.settling, order.payment)
                && order.settling_since + SETTLING_AGE <= now
            {
                self.settlements.push(Settlement {
                    order: *id,
                    payment,
                    event: None,
                    goods: None,
                });
            }
        }
        let is_overdue = |order: &super::orders::Order| {
            order.stage.status == OrderStatus::Pending && order.expires_at + OVERDUE_AGE <= now
        };
        let overdue: Vec<u64> = self
            .orders
            .all
            .iter()
            .filter(|(_, one)| is_overdue(one))
            .map(|(id, _)| *id)
            .collect();
        for id in overdue {
            if let Some(ended_at) = self.inventory.ended(id) {
                self.orders.expire(id, ended_at.unwrap_or(now));
            }
        }
    }
}
