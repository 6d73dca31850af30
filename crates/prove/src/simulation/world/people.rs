//! What buyers and staff do, and how far each request comes before it dies.

use orders::domain::status::Command;
use payments::domain::observation::GatewayStatus;
use payments::domain::refund::RefundStatus;
use rand::RngExt as _;

use super::super::orders::Claim;
use super::{Settlement, World};

/// Orders of one schedule.
const ORDERS_MAX: usize = 3;

impl World {
    /// Somebody orders. Each of the three steps may be the last one: the request dies, and what it did stays.
    pub(super) fn order(&mut self) {
        if self.orders.all.len() + self.orders.claims.len() >= ORDERS_MAX {
            return;
        }
        let id = self.next_id();
        let mut lines = vec![(self.dice.random_range(1..=2), self.dice.random_range(1..=2))];
        if self.is_lucky(30) {
            lines = vec![(1, 1), (2, self.dice.random_range(1..=2))];
        }
        let total = if self.is_lucky(12) { 0 } else { 1_000 };
        self.tell(|| format!("order {id} of {lines:?} for {total}"));
        self.orders.claims.insert(id, Claim { lines, total });
        if self.is_lucky(85) {
            self.place(id);
        }
    }

    pub(super) fn place(&mut self, id: u64) {
        let Some(claim) = self.orders.claims.get(&id).cloned() else {
            return;
        };
        match self.inventory.reserve(id, &claim.lines, self.now) {
            None => {
                self.tell(|| format!("order {id} is refused"));
                self.orders.claims.remove(&id);
            }
            Some(until) if self.is_lucky(85) => {
                self.tell(|| format!("order {id} is placed"));
                self.orders.insert(id, claim, until, self.now);
                self.begin_free(id);
            }
            Some(_) => self.tell(|| format!("order {id} holds goods, and its request dies")),
        }
    }

    /// What costs nothing is settled by the request itself, if that lives so long.
    pub(super) fn begin_free(&mut self, id: u64) {
        let settling = self
            .orders
            .all
            .get(&id)
            .and_then(|order| order.stage.settling);
        if settling.is_some() && self.is_lucky(70) {
            self.settlements.push(Settlement {
                order: id,
                payment: id,
                event: None,
                goods: None,
            });
        }
    }

    /// Somebody repeats a request that died, or it is given up.
    pub(super) fn come_back_to_claim(&mut self) {
        let Some(id) = self.any(self.orders.claims.keys().copied().collect()) else {
            return;
        };
        if self.is_lucky(70) {
            self.place(id);
        } else {
            self.give_up_claim(id);
        }
    }

    pub(super) fn give_up_claim(&mut self, id: u64) {
        self.tell(|| format!("the request for order {id} is given up"));
        self.orders.claims.remove(&id);
        self.inventory.give_back(id, self.now);
    }

    pub(super) fn initialize(&mut self) {
        let Some(order) = self.any_order() else {
            return;
        };
        let Some(due) = self.orders.is_payable(order) else {
            return;
        };
        let id = self.next_id();
        let Some(id) = self.payments.begin(order, due, id, self.now) else {
            return;
        };
        self.tell(|| format!("payment {id} of order {order} begins"));
        if self.is_lucky(90) {
            self.provider.initialize(id, due);
            if self.is_lucky(85) {
                self.payments.note_address(id);
            }
        }
    }

    /// Buyers pay what they have the address of, also late, twice, or another amount.
    pub(super) fn pay(&mut self) {
        let Some(id) = self.any_payment() else { return };
        let (status, more) = match self.dice.random_range(0..100) {
            0..70 => (GatewayStatus::Success, 0),
            70..80 => (GatewayStatus::Success, self.dice.random_range(-3..=-1)),
            80..90 => (GatewayStatus::Failed, 0),
            _ => (GatewayStatus::Underway, 0),
        };
        self.tell(|| format!("the buyer pays {id}: {status:?} {more:+}"));
        self.provider.pay(id, status, more);
    }

    pub(super) fn cancel(&mut self) {
        let Some(id) = self.any_order() else { return };
        self.tell(|| format!("order {id} is cancelled, if it can be"));
        self.orders.cancel(id, &mut self.network);
    }

    pub(super) fn send(&mut self) {
        let Some(id) = self.any_order() else { return };
        let command = if self.is_lucky(60) {
            Command::Ship
        } else {
            Command::Deliver
        };
        self.orders.advance(id, command);
    }

    pub(super) fn refund_by_staff(&mut self) {
        let Some(payment) = self.any_payment() else {
            return;
        };
        let wanted = if self.is_lucky(40) {
            None
        } else {
            Some(self.dice.random_range(1..=700))
        };
        let restock = if self.is_lucky(30) {
            Some(self.dice.random_range(1..=2))
        } else {
            None
        };
        let id = self.next_id();
        self.tell(|| format!("staff refunds {wanted:?} of {payment}, {restock:?} come back"));
        self.payments.refund_some(payment, id, wanted, restock);
    }

    pub(super) fn ask_for_refund(&mut self) {
        let Some(id) = self.any_refund() else { return };
        let is_answered = self.is_lucky(70);
        self.tell(|| format!("refund {id} is asked for (answered {is_answered})"));
        self.payments.ask(
            id,
            &mut self.provider,
            is_answered,
            self.now,
            &mut self.network,
        );
    }

    pub(super) fn go_on_with_refund(&mut self) {
        let Some(number) = self.any(self.provider.refunds.keys().copied().collect()) else {
            return;
        };
        let status = if self.is_lucky(70) {
            RefundStatus::Processed
        } else {
            RefundStatus::Failed
        };
        self.provider.advance(number, status);
        let payment = self.provider.refunds.get(&number).map(|made| made.payment);
        if let Some(payment) = payment.filter(|_| self.is_lucky(60)) {
            self.payments
                .follow(payment, &self.provider, self.now, &mut self.network);
        }
    }
}
