//! The payment provider, which does what it is asked whether or not its answer arrives.

use std::collections::BTreeMap;

use payments::domain::observation::{GatewayStatus, Observation};
use payments::domain::refund::RefundStatus;

#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) status: GatewayStatus,
    pub(super) charged: i64,
    asked: i64,
}

#[derive(Debug)]
pub(super) struct Made {
    pub(super) payment: u64,
    /// Which of ours it is.
    pub(super) note: u64,
    pub(super) amount: i64,
    pub(super) status: RefundStatus,
}

#[derive(Debug, Default)]
pub(super) struct Provider {
    pub(super) transactions: BTreeMap<u64, Transaction>,
    pub(super) refunds: BTreeMap<u64, Made>,
}

pub(super) fn reference(payment: u64) -> String {
    format!("AGP-{payment}")
}

impl Provider {
    pub(super) fn initialize(&mut self, payment: u64, amount: i64) {
        self.transactions.entry(payment).or_insert(Transaction {
            status: GatewayStatus::Abandoned,
            charged: amount,
            asked: amount,
        });
    }

    /// A buyer tries to pay; what is paid stays so.
    pub(super) fn pay(&mut self, payment: u64, status: GatewayStatus, more: i64) {
        if let Some(one) = self.transactions.get_mut(&payment)
            && one.status != GatewayStatus::Success
        {
            one.status = status;
            one.charged = one.asked + more;
        }
    }

    /// What buyers have begun to pay in a way that takes time.
    pub(super) fn underway(&self) -> Vec<u64> {
        let all = self.transactions.iter();
        let underway = all.filter(|(_, one)| one.status == GatewayStatus::Underway);
        underway.map(|(id, _)| *id).collect()
    }

    pub(super) fn is_paid(&self, payment: u64) -> bool {
        self.transactions
            .get(&payment)
            .is_some_and(|one| one.status == GatewayStatus::Success)
    }

    pub(super) fn observe(&self, payment: u64) -> Option<Observation> {
        let one = self.transactions.get(&payment)?;
        Some(Observation {
            gateway_id: payment.to_string(),
            status: one.status,
            reference: reference(payment),
            domain: "test".to_owned(),
            paid_minor: one.charged,
            requested_minor: Some(one.asked),
            currency: "NGN".to_owned(),
            channel: None,
            fees_minor: None,
            paid_at: None,
        })
    }

    /// Makes a refund; none if less than that is left.
    pub(super) fn refund(&mut self, payment: u64, note: u64, amount: i64) -> Option<u64> {
        let charged = self.transactions.get(&payment).map_or(0, |one| one.charged);
        if amount > charged - self.taken(payment) {
            return None;
        }
        let number = u64::try_from(self.refunds.len()).unwrap_or_default() + 1;
        self.refunds.insert(
            number,
            Made {
                payment,
                note,
                amount,
                status: RefundStatus::Processing,
            },
        );
        Some(number)
    }

    pub(super) fn taken(&self, payment: u64) -> i64 {
        let counts = |one: &&Made| one.payment == payment && one.status != RefundStatus::Failed;
        self.refunds
            .values()
            .filter(counts)
            .map(|one| one.amount)
            .sum()
    }

    pub(super) fn advance(&mut self, number: u64, status: RefundStatus) {
        if let Some(one) = self.refunds.get_mut(&number)
            && !one.status.has_ended()
        {
            one.status = status;
        }
    }
}
