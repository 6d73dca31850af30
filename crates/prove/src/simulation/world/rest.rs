//! How everything comes to rest.

use payments::domain::observation::GatewayStatus;
use payments::domain::refund::RefundStatus;

use super::World;

impl World {
    /// Nothing goes wrong any more: everything that is under way arrives, and all that waits for its time has it.
    ///
    /// # Errors
    /// Something that cannot be.
    pub(in crate::simulation) fn come_to_rest(&mut self) -> Result<(), String> {
        self.tell(|| "nothing goes wrong any more".to_owned());
        for id in self.orders.claims.keys().copied().collect::<Vec<_>>() {
            self.give_up_claim(id);
        }
        for id in self.provider.underway() {
            let status = if self.is_lucky(50) {
                GatewayStatus::Success
            } else {
                GatewayStatus::Failed
            };
            self.tell(|| format!("payment {id} ends as {status:?}"));
            self.provider.pay(id, status, 0);
        }
        for round in 0..8 {
            self.now += if round % 2 == 0 { 3_700 } else { 90_000 };
            self.inventory.expire(self.now, &mut self.network);
            self.sweep();
            self.see_payments();
            self.deliver_all()?;
            self.pay_back();
            self.deliver_all()?;
        }
        Ok(())
    }

    pub(super) fn deliver_all(&mut self) -> Result<(), String> {
        loop {
            while !self.network.outbox.is_empty() {
                self.network.publish(0, true);
            }
            while !self.settlements.is_empty() {
                self.go_on_settling(0)?;
            }
            let Some(one) = self.network.queues.first().cloned() else {
                return Ok(());
            };
            self.deliver(&one, true, true)?;
        }
    }

    pub(super) fn see_payments(&mut self) {
        for (id, seen) in std::mem::take(&mut self.answers) {
            self.payments
                .apply(id, seen.as_ref(), self.now, &mut self.network);
        }
        for id in self.payments.all.keys().copied().collect::<Vec<_>>() {
            let seen = self.provider.observe(id);
            self.payments
                .apply(id, seen.as_ref(), self.now, &mut self.network);
        }
    }

    pub(super) fn pay_back(&mut self) {
        let mut ids = self.ids;
        self.payments.refund_due(self.now, || {
            ids += 1;
            ids
        });
        self.ids = ids;
        for id in self.payments.refunds.keys().copied().collect::<Vec<_>>() {
            self.payments
                .ask(id, &mut self.provider, true, self.now, &mut self.network);
        }
        for number in self.provider.refunds.keys().copied().collect::<Vec<_>>() {
            self.provider.advance(number, RefundStatus::Processed);
        }
        for id in self.payments.all.keys().copied().collect::<Vec<_>>() {
            self.payments
                .follow(id, &self.provider, self.now, &mut self.network);
        }
    }
}
