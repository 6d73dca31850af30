//! What must hold, at every moment and in the end.

use std::collections::BTreeMap;

use inventory::domain::reservation::State;
use orders::domain::status::OrderStatus;
use payments::domain::refund::RefundStatus;

use super::orders::Order;
use super::world::World;

/// What must be true, or else the sentence says what is wrong.
fn must(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

impl World {
    /// What holds at every moment.
    ///
    /// # Errors
    /// What does not.
    pub(super) fn check_always(&self) -> Result<(), String> {
        for (variant, on_hand) in &self.inventory.on_hand {
            let reserved = self.inventory.reserved.get(variant).copied().unwrap_or(0);
            must((0..=*on_hand).contains(&reserved), || {
                format!("of variant {variant} {on_hand} are there and {reserved} reserved")
            })?;
        }
        for (payment, one) in &self.payments.all {
            let (decided, paid) = (self.payments.taken(*payment), one.paid.unwrap_or(0));
            must(decided <= paid, || {
                format!("{decided} of {paid} are to go back of payment {payment}")
            })?;
            let charged = self
                .provider
                .transactions
                .get(payment)
                .map_or(0, |one| one.charged);
            let back = self.provider.taken(*payment);
            must(back <= charged, || {
                format!("{back} of {charged} go back of payment {payment}")
            })?;
        }
        Ok(())
    }

    /// What holds once nothing is under way any more.
    ///
    /// # Errors
    /// What does not.
    pub(super) fn check_end(&self) -> Result<(), String> {
        self.check_always()?;
        self.check_stock()?;
        self.check_events()?;
        for (id, order) in &self.orders.all {
            self.check_order(*id, order)?;
        }
        for id in self.payments.all.keys() {
            self.check_payment(*id)?;
        }
        self.check_refunds()
    }

    fn check_stock(&self) -> Result<(), String> {
        let mut moved: BTreeMap<u64, i64> = self.inventory.initial.clone();
        for movement in &self.inventory.movements {
            *moved.entry(movement.variant).or_default() += movement.delta;
        }
        must(moved == self.inventory.on_hand, || {
            format!(
                "movements make {moved:?}, and {:?} are there",
                self.inventory.on_hand
            )
        })?;
        let is_active = self
            .inventory
            .known
            .values()
            .any(|one| one.state == State::Active);
        must(
            !is_active && self.inventory.reserved.values().all(|count| *count == 0),
            || format!("something is still held: {:?}", self.inventory.known),
        )
    }

    fn check_events(&self) -> Result<(), String> {
        for owed in &self.network.owed {
            let times = self.network.applied.get(owed).copied().unwrap_or(0);
            must(times == 1, || format!("{owed:?} was applied {times} times"))?;
        }
        Ok(())
    }

    fn check_order(&self, id: u64, order: &Order) -> Result<(), String> {
        use OrderStatus as S;
        let stage = order.stage;
        must(stage.settling.is_none(), || {
            format!("order {id} is still settling")
        })?;
        must(
            !matches!(stage.status, S::Pending | S::PaidUnallocated),
            || format!("order {id} stays {}", stage.status.name()),
        )?;
        let is_committed = self
            .inventory
            .known
            .get(&id)
            .is_some_and(|one| one.state == State::Committed);
        let is_sold = match stage.status {
            S::Processing | S::Shipped | S::Delivered => true,
            // Also if it was paid when its goods were gone.
            S::Refunded => is_committed,
            _ => false,
        };
        must(is_sold == is_committed, || {
            format!(
                "order {id} is {}, and committed: {is_committed}",
                stage.status.name()
            )
        })?;
        for (variant, quantity) in &order.lines {
            let mine = self
                .inventory
                .movements
                .iter()
                .filter(|one| one.order == id && one.variant == *variant);
            let (sold, back) = mine.fold((0, 0), |(sold, back), one| {
                (sold + one.delta.min(0), back + one.delta.max(0))
            });
            let expected = if is_sold { -quantity } else { 0 };
            must(sold == expected && back <= -sold, || {
                format!("order {id} has {sold} of {variant}, {back} came back")
            })?;
        }
        let kept: Vec<u64> = self
            .payments
            .all
            .iter()
            .filter(|(_, one)| one.order == id && one.is_kept)
            .map(|(id, _)| *id)
            .collect();
        let expected: Vec<u64> = order
            .payment
            .filter(|payment| is_sold && *payment != id)
            .into_iter()
            .collect();
        must(kept == expected, || {
            format!("order {id} keeps {kept:?} instead of {expected:?}")
        })?;
        if let Some(kept) = kept.first() {
            let back = order.refunded.get(kept).copied().unwrap_or(0);
            must(
                (back >= order.total) == (stage.status == S::Refunded),
                || {
                    format!(
                        "order {id} is {} after {back} went back",
                        stage.status.name()
                    )
                },
            )?;
        }
        Ok(())
    }

    fn check_payment(&self, id: u64) -> Result<(), String> {
        let Some(one) = self.payments.all.get(&id) else {
            return Ok(());
        };
        let is_paid = self.provider.is_paid(id);
        must(one.status.is_captured() == is_paid, || {
            format!("payment {id} is {}, and paid: {is_paid}", one.status)
        })?;
        must(one.status.is_captured() || !one.status.is_open(), || {
            format!("payment {id} stays {}", one.status)
        })?;
        let paid = one.paid.unwrap_or(0);
        let known = self
            .payments
            .refunds
            .values()
            .filter(|refund| refund.payment == id && refund.status == RefundStatus::Processed);
        let back: i64 = known.map(|refund| refund.amount).sum();
        must(one.is_kept || back == paid, || {
            format!("payment {id} is not kept, and {back} of {paid} went back")
        })?;
        must(!one.is_kept || paid == one.due, || {
            format!("payment {id} is kept for {} and brought {paid}", one.due)
        })?;
        let truly = self.provider.taken(id);
        must(back == truly, || {
            format!("{truly} went back of payment {id}, and we know of {back}")
        })?;
        let order = self.orders.all.get(&one.order);
        let heard = order
            .and_then(|order| order.refunded.get(&id))
            .copied()
            .unwrap_or(0);
        must(heard == back, || {
            format!("orders knows of {heard} that went back of payment {id}, which was {back}")
        })
    }

    fn check_refunds(&self) -> Result<(), String> {
        for (id, refund) in &self.payments.refunds {
            must(refund.status.has_ended(), || {
                format!("refund {id} stays {}", refund.status)
            })?;
            let made = self
                .provider
                .refunds
                .values()
                .filter(|made| made.note == *id)
                .count();
            must(made <= 1, || format!("refund {id} was made {made} times"))?;
        }
        Ok(())
    }
}
