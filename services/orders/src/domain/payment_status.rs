//! What is paid of an order, told from what is known of its payments.

use super::ids::PaymentId;

/// What is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentStatus {
    /// Nothing, and nobody is at it.
    Unpaid,
    /// Somebody has begun to pay in a way that takes time.
    Pending,
    /// All of it.
    Paid,
    /// The last attempt came to nothing.
    Failed,
    /// Some of it went back.
    PartiallyRefunded,
    /// All of it went back.
    Refunded,
}

impl PaymentStatus {
    /// The name in JSON and SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
        }
    }
}

/// How far one attempt to pay has come. A later one never becomes an earlier one, whatever arrives in whichever order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttemptStatus {
    /// The buyer was sent to the vendor.
    Initialized,
    /// It came to nothing. It may still succeed.
    Failed,
    /// The vendor waits for the money.
    Pending,
    /// The money is there.
    Succeeded,
}

impl AttemptStatus {
    /// Every status, in order.
    pub const ALL: [Self; 4] = [
        Self::Initialized,
        Self::Failed,
        Self::Pending,
        Self::Succeeded,
    ];

    /// The name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Initialized => "initialized",
            Self::Failed => "failed",
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
        }
    }

    /// What it is after hearing of another status. A pending attempt may fail, and a failed one does not become pending again.
    pub fn and(self, heard: Self) -> Self {
        match (self, heard) {
            (Self::Succeeded, _) | (_, Self::Succeeded) => Self::Succeeded,
            (Self::Failed, _) | (_, Self::Failed) => Self::Failed,
            (earlier, later) => earlier.max(later),
        }
    }
}

/// One attempt to pay for an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Which.
    pub payment: PaymentId,
    /// How far it has come.
    pub status: AttemptStatus,
    /// In hundredths.
    pub amount_minor: i64,
    /// What went back of it, in hundredths.
    pub refunded_minor: i64,
}

impl Attempt {
    fn captured(&self) -> PaymentStatus {
        match self.refunded_minor {
            0 => PaymentStatus::Paid,
            refunded if refunded < self.amount_minor => PaymentStatus::PartiallyRefunded,
            _ => PaymentStatus::Refunded,
        }
    }
}

/// What is paid of an order with these attempts, oldest first. A payment that settles it, or is about to, speaks for all; until
/// there is one, money that is there counts before money that is awaited.
pub fn payment_status(kept: Option<PaymentId>, attempts: &[Attempt]) -> PaymentStatus {
    if let Some(kept) = kept {
        let attempt = attempts.iter().find(|one| one.payment == kept);
        // An order that costs nothing is settled in its own name, by no payment.
        return attempt.map_or(PaymentStatus::Paid, Attempt::captured);
    }
    let captured = attempts
        .iter()
        .filter(|one| one.status == AttemptStatus::Succeeded)
        .map(Attempt::captured);
    if let Some(status) = captured.min_by_key(|status| match status {
        PaymentStatus::Paid => 0,
        PaymentStatus::PartiallyRefunded => 1,
        _ => 2,
    }) {
        return status;
    }
    let is_pending = |one: &Attempt| one.status == AttemptStatus::Pending;
    if attempts.iter().any(is_pending) {
        return PaymentStatus::Pending;
    }
    match attempts.last().map(|one| one.status) {
        Some(AttemptStatus::Failed) => PaymentStatus::Failed,
        _ => PaymentStatus::Unpaid,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::AttemptStatus as A;
    use super::*;

    const fn payment(number: u128) -> PaymentId {
        PaymentId(Uuid::from_u128(number))
    }

    fn attempt(number: u128, status: A, refunded_minor: i64) -> Attempt {
        Attempt {
            payment: payment(number),
            status,
            amount_minor: 100,
            refunded_minor,
        }
    }

    #[test]
    fn the_kept_payment_speaks_for_the_order() {
        let attempts = [attempt(1, A::Succeeded, 0), attempt(2, A::Succeeded, 100)];
        assert_eq!(
            payment_status(Some(payment(1)), &attempts),
            PaymentStatus::Paid
        );
        assert_eq!(
            payment_status(Some(payment(2)), &attempts),
            PaymentStatus::Refunded
        );
        assert_eq!(
            payment_status(Some(payment(3)), &[]),
            PaymentStatus::Paid,
            "free"
        );
        let partly = [attempt(1, A::Succeeded, 1)];
        assert_eq!(
            payment_status(Some(payment(1)), &partly),
            PaymentStatus::PartiallyRefunded
        );
    }

    #[test]
    fn without_a_kept_payment_the_best_attempt_speaks() {
        for (attempts, expected) in [
            (vec![], PaymentStatus::Unpaid),
            (vec![attempt(1, A::Initialized, 0)], PaymentStatus::Unpaid),
            (vec![attempt(1, A::Failed, 0)], PaymentStatus::Failed),
            (
                vec![attempt(1, A::Failed, 0), attempt(2, A::Initialized, 0)],
                PaymentStatus::Unpaid,
            ),
            (
                vec![attempt(1, A::Pending, 0), attempt(2, A::Failed, 0)],
                PaymentStatus::Pending,
            ),
            (
                vec![attempt(1, A::Succeeded, 0), attempt(2, A::Pending, 0)],
                PaymentStatus::Paid,
            ),
            (vec![attempt(1, A::Succeeded, 100)], PaymentStatus::Refunded),
        ] {
            assert_eq!(payment_status(None, &attempts), expected, "{attempts:?}");
        }
    }

    #[test]
    fn of_several_payments_the_one_that_least_went_back_of_speaks() {
        let whole = attempt(1, A::Succeeded, 0);
        let partly = attempt(2, A::Succeeded, 1);
        let back = attempt(3, A::Succeeded, 100);
        for (attempts, expected) in [
            ([back, partly, whole], PaymentStatus::Paid),
            ([partly, whole, back], PaymentStatus::Paid),
            ([back, partly, back], PaymentStatus::PartiallyRefunded),
            ([back, back, back], PaymentStatus::Refunded),
        ] {
            assert_eq!(payment_status(None, &attempts), expected, "{attempts:?}");
        }
    }

    #[test]
    fn success_is_final_and_failure_is_not_taken_back_by_a_late_pending() {
        for (known, heard, then) in [
            (A::Initialized, A::Initialized, A::Initialized),
            (A::Initialized, A::Pending, A::Pending),
            (A::Pending, A::Pending, A::Pending),
            (A::Initialized, A::Failed, A::Failed),
            (A::Pending, A::Failed, A::Failed),
            (A::Failed, A::Failed, A::Failed),
        ] {
            assert_eq!(known.and(heard), then, "{known:?} {heard:?}");
            assert_eq!(known.and(A::Succeeded), A::Succeeded, "{known:?}");
        }
    }

    #[test]
    fn names_are_those_of_the_contract() {
        let attempts = ["initialized", "failed", "pending", "succeeded"];
        assert_eq!(A::ALL.map(A::name), attempts);
        for (status, name) in [
            (PaymentStatus::Unpaid, "unpaid"),
            (PaymentStatus::Pending, "pending"),
            (PaymentStatus::Paid, "paid"),
            (PaymentStatus::Failed, "failed"),
            (PaymentStatus::PartiallyRefunded, "partially_refunded"),
            (PaymentStatus::Refunded, "refunded"),
        ] {
            assert_eq!(status.name(), name);
        }
    }

    #[test]
    fn what_is_heard_in_any_order_gives_one_end() {
        for first in A::ALL {
            for second in A::ALL {
                assert_eq!(first.and(second), second.and(first), "{first:?} {second:?}");
                for third in A::ALL {
                    assert_eq!(
                        first.and(second).and(third),
                        first.and(second.and(third)),
                        "{first:?} {second:?} {third:?}"
                    );
                }
            }
        }
    }
}
