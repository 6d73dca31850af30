//! Orders, decided by the rules of `orders::domain`; what is one transaction there is one call here.

use std::collections::{BTreeMap, BTreeSet};

use orders::domain::ids::{LineId, PaymentId, VariantId};
use orders::domain::restock::{self, SoldLine};
use orders::domain::status::{Change, Command, Goods, OrderStatus, Stage};

use super::inventory::uuid;
use super::network::{Consumer, Event, Network};

#[derive(Debug)]
pub(super) struct Order {
    pub(super) stage: Stage,
    pub(super) total: i64,
    pub(super) lines: Vec<(u64, i64)>,
    pub(super) expires_at: i64,
    pub(super) settling_since: i64,
    /// The payment that is settling it or has settled it.
    pub(super) payment: Option<u64>,
    /// What went back, by payment.
    pub(super) refunded: BTreeMap<u64, i64>,
    processed: BTreeSet<u64>,
}

#[derive(Debug, Default)]
pub(super) struct Orders {
    pub(super) all: BTreeMap<u64, Order>,
    /// Requests that began and did not end: the order's id, and what is wanted.
    pub(super) claims: BTreeMap<u64, Claim>,
    pub(super) cancels_while_settling: bool,
    pub(super) swallows_unwanted: bool,
}

/// What somebody wants to order.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) lines: Vec<(u64, i64)>,
    pub(super) total: i64,
}

fn payment_id(payment: u64) -> PaymentId {
    PaymentId(uuid(payment))
}

impl Orders {
    /// The order and the end of its claim are one transaction. What costs nothing settles itself, in the order's own name.
    pub(super) fn insert(&mut self, id: u64, claim: Claim, expires_at: i64, now: i64) {
        self.claims.remove(&id);
        let settling = (claim.total == 0).then_some(id);
        let stage = Stage {
            status: OrderStatus::Pending,
            settling: settling.map(payment_id),
            settled_by: None,
        };
        self.all.insert(
            id,
            Order {
                stage,
                total: claim.total,
                lines: claim.lines,
                expires_at,
                settling_since: now,
                payment: settling,
                refunded: BTreeMap::new(),
                processed: BTreeSet::new(),
            },
        );
    }

    pub(super) fn is_payable(&self, id: u64) -> Option<i64> {
        let order = self.all.get(&id)?;
        let is_open = order.stage.status == OrderStatus::Pending && order.stage.settling.is_none();
        (is_open && order.total > 0).then_some(order.total)
    }

    pub(super) fn cancel(&mut self, id: u64, network: &mut Network) {
        let Some(order) = self.all.get_mut(&id) else {
            return;
        };
        let mut stage = order.stage;
        if self.cancels_while_settling {
            stage.settling = None;
        }
        if let Ok(Change::To(next)) = stage.after(Command::Cancel) {
            order.stage = next;
            network.promise(Event::OrderCancelled { order: id });
        }
    }

    pub(super) fn expire(&mut self, id: u64, ended_at: i64) {
        let Some(order) = self.all.get_mut(&id) else {
            return;
        };
        if order.expires_at > ended_at {
            return;
        }
        if let Ok(Change::To(next)) = order.stage.after(Command::Expire) {
            order.stage = next;
        }
    }

    /// The first transaction of a settlement; answers whether there are goods to sell.
    pub(super) fn begin(
        &mut self,
        id: u64,
        payment: u64,
        event: u64,
        now: i64,
        network: &mut Network,
    ) -> bool {
        let Some(order) = self.all.get_mut(&id) else {
            return false;
        };
        order.refunded.entry(payment).or_default();
        match order
            .stage
            .after(Command::BeginSettling(payment_id(payment)))
        {
            Ok(Change::To(next)) => {
                order.stage = next;
                order.settling_since = now;
                order.payment = Some(payment);
                return true;
            }
            Ok(Change::Already) if order.stage.settling.is_some() => return true,
            Ok(Change::Already) => {
                network.is_first(Consumer::Orders, event);
            }
            Err(_refused) => {
                if network.is_first(Consumer::Orders, event) && !self.swallows_unwanted {
                    network.promise(Event::RefundRequested { payment });
                }
            }
        }
        false
    }

    /// The second transaction of a settlement, once the goods are sold or gone.
    ///
    /// # Errors
    /// The order cannot be settled, which cannot be.
    pub(super) fn write(
        &mut self,
        (id, payment): (u64, u64),
        goods: Goods,
        event: Option<u64>,
        network: &mut Network,
    ) -> Result<(), String> {
        let Some(order) = self.all.get_mut(&id) else {
            return Ok(());
        };
        if event.is_some_and(|event| !network.is_first(Consumer::Orders, event)) {
            return Ok(());
        }
        let command = match goods {
            Goods::Gone if payment == id => Command::Forgo(payment_id(payment)),
            goods => Command::Settle(payment_id(payment), goods),
        };
        match order.stage.after(command) {
            Ok(Change::To(next)) => {
                order.stage = next;
                network.promise(match next.status {
                    OrderStatus::Cancelled => Event::OrderCancelled { order: id },
                    OrderStatus::PaidUnallocated => Event::OrderUnallocated { payment },
                    _ => Event::OrderPaid {
                        order: id,
                        payment: Some(payment).filter(|payment| *payment != id),
                    },
                });
                Ok(())
            }
            Ok(Change::Already) => Ok(()),
            Err(refused) => Err(format!("order {id} cannot be settled: {refused}")),
        }
    }

    pub(super) fn advance(&mut self, id: u64, command: Command) {
        if let Some(order) = self.all.get_mut(&id)
            && let Ok(Change::To(next)) = order.stage.after(command)
        {
            order.stage = next;
        }
    }

    /// Money went back.
    pub(super) fn hear_refund(
        &mut self,
        (id, payment, refund): (u64, u64, u64),
        amount: i64,
        restock: Option<i64>,
        network: &mut Network,
    ) {
        let forgets = network.forgets_inbox;
        let Some(order) = self.all.get_mut(&id) else {
            return;
        };
        if !order.processed.insert(refund) && !forgets {
            return;
        }
        let back = order.refunded.entry(payment).or_default();
        *back += amount;
        let is_whole = *back >= order.total;
        let before = order.stage;
        if before.settled_by != Some(payment_id(payment)) {
            return;
        }
        if let (true, Ok(Change::To(next))) = (is_whole, before.after(Command::Refund)) {
            order.stage = next;
        }
        let sold: Vec<SoldLine> = order
            .lines
            .iter()
            .map(|(variant, quantity)| SoldLine {
                line: LineId(uuid(*variant)),
                variant: VariantId(uuid(*variant)),
                quantity: *quantity,
            })
            .collect();
        let named: Option<Vec<_>> =
            restock.map(|count| sold.iter().take(1).map(|one| (one.line, count)).collect());
        let lines = restock::coming_back(before.status, &sold, named.as_deref(), is_whole);
        if !lines.is_empty() {
            let number =
                |variant: VariantId| u64::try_from(variant.0.as_u128()).unwrap_or_default();
            let lines = lines
                .into_iter()
                .map(|(variant, quantity)| (number(variant), quantity));
            network.promise(Event::RestockRequested {
                order: id,
                refund,
                lines: lines.collect(),
            });
        }
    }
}
