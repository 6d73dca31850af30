//! The chart of accounts, and what is booked when.
//!
//! | account | kind | holds |
//! |---|---|---|
//! | `gateway_clearing` | asset | what the provider has taken and not paid out |
//! | `suspense` | liability | captures that no order keeps yet: the buyers' money |
//! | `sales` | income | what orders have kept, tax included |
//! | `fee_surcharge` | income | what buyers paid on top of what was due, where they bear the fees |
//! | `refunds` | income, less | what goes back of what orders had kept |
//! | `refunds_payable` | liability | refunds that are decided and not yet with the buyer |
//! | `fees` | expense | what the provider takes for itself |
//! | `bank` | asset | what the provider has paid out to the shop's account |
//! | `chargebacks` | income, less | what buyers' banks took back of what orders had kept |
//!
//! A capture goes to `suspense` until its order keeps it, so money that settles nothing is never income.

use std::str::FromStr;

/// Where money stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Account {
    /// With the provider.
    GatewayClearing,
    /// Paid, and not kept.
    Suspense,
    /// Kept.
    Sales,
    /// Paid on top of what was due.
    FeeSurcharge,
    /// Gone back of what was kept.
    Refunds,
    /// Going back.
    RefundsPayable,
    /// The provider's own.
    Fees,
    /// Paid out by the provider.
    Bank,
    /// Taken back by buyers' banks.
    Chargebacks,
}

/// The text names no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no account")]
pub(crate) struct UnknownAccount;

impl Account {
    /// Every account.
    pub(crate) const ALL: [Self; 9] = [
        Self::GatewayClearing,
        Self::Suspense,
        Self::Sales,
        Self::FeeSurcharge,
        Self::Refunds,
        Self::RefundsPayable,
        Self::Fees,
        Self::Bank,
        Self::Chargebacks,
    ];

    /// The name in JSON and SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GatewayClearing => "gateway_clearing",
            Self::Suspense => "suspense",
            Self::Sales => "sales",
            Self::FeeSurcharge => "fee_surcharge",
            Self::Refunds => "refunds",
            Self::RefundsPayable => "refunds_payable",
            Self::Fees => "fees",
            Self::Bank => "bank",
            Self::Chargebacks => "chargebacks",
        }
    }
}

impl FromStr for Account {
    type Err = UnknownAccount;

    fn from_str(text: &str) -> Result<Self, UnknownAccount> {
        let mut all = Self::ALL.into_iter();
        all.find(|account| account.name() == text)
            .ok_or(UnknownAccount)
    }
}

/// One side of what is booked, in hundredths: a debit is positive, a credit negative.
pub(crate) type Entry = (Account, i64);

/// Something that is booked as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Booking {
    pub(crate) kind: BookingKind,
    /// Both sides; they add up to nothing.
    pub(crate) entries: Vec<Entry>,
}

/// Why something is booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BookingKind {
    /// The provider has the money.
    Capture,
    /// An order keeps it.
    Keep,
    /// Some of it is to go back.
    RefundRequested,
    /// That has reached the buyer.
    RefundProcessed,
    /// That has come to nothing.
    RefundFailed,
    /// What had reached the buyer has come back.
    RefundReturned,
    /// What had come to nothing has reached the buyer after all.
    RefundReinstated,
    /// The provider has taken other fees than it said at first.
    Fees,
    /// The provider has paid out, or that came back.
    Settlement,
    /// A buyer's bank has taken some of it.
    Chargeback,
    /// That was given back.
    ChargebackReturned,
}

impl BookingKind {
    /// The name in JSON and SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Keep => "keep",
            Self::RefundRequested => "refund_requested",
            Self::RefundProcessed => "refund_processed",
            Self::RefundFailed => "refund_failed",
            Self::RefundReturned => "refund_returned",
            Self::RefundReinstated => "refund_reinstated",
            Self::Fees => "fees",
            Self::Settlement => "settlement",
            Self::Chargeback => "chargeback",
            Self::ChargebackReturned => "chargeback_returned",
        }
    }
}

impl Booking {
    /// Leaves out what is nothing.
    fn of(kind: BookingKind, entries: &[Entry]) -> Self {
        let entries = entries.iter().filter(|(_, amount)| *amount != 0);
        Self {
            kind,
            entries: entries.copied().collect(),
        }
    }

    /// The provider has `paid`, less its `fees`.
    pub(crate) fn capture(paid: i64, fees: i64) -> Self {
        let entries = [
            (Account::GatewayClearing, paid),
            (Account::Suspense, -paid),
            (Account::Fees, fees),
            (Account::GatewayClearing, -fees),
        ];
        Self::of(BookingKind::Capture, &entries)
    }

    /// An order keeps `paid` for the `due` it came to. What is `going_back` and what was `charged_back` was charged to suspense
    /// before, and is now the order's.
    pub(crate) fn keep(paid: i64, due: i64, going_back: i64, charged_back: i64) -> Self {
        let entries = [
            (Account::Suspense, paid - going_back - charged_back),
            (Account::Sales, -due),
            (Account::FeeSurcharge, due - paid),
            (Account::Refunds, going_back),
            (Account::Chargebacks, charged_back),
        ];
        Self::of(BookingKind::Keep, &entries)
    }

    /// `amount` is to go back, at the cost of `charged_to`.
    pub(crate) fn refund_requested(amount: i64, charged_to: Account) -> Self {
        let entries = [(charged_to, amount), (Account::RefundsPayable, -amount)];
        Self::of(BookingKind::RefundRequested, &entries)
    }

    /// `amount` has reached the buyer.
    pub(crate) fn refund_processed(amount: i64) -> Self {
        let entries = [
            (Account::RefundsPayable, amount),
            (Account::GatewayClearing, -amount),
        ];
        Self::of(BookingKind::RefundProcessed, &entries)
    }

    /// `amount` does not go back after all.
    pub(crate) fn refund_failed(amount: i64, charged_to: Account) -> Self {
        let entries = [(Account::RefundsPayable, amount), (charged_to, -amount)];
        Self::of(BookingKind::RefundFailed, &entries)
    }

    /// `amount` had reached the buyer and has come back.
    pub(crate) fn refund_returned(amount: i64, charged_to: Account) -> Self {
        let entries = [(Account::GatewayClearing, amount), (charged_to, -amount)];
        Self::of(BookingKind::RefundReturned, &entries)
    }

    /// `amount` had come to nothing and has reached the buyer after all.
    pub(crate) fn refund_reinstated(amount: i64, charged_to: Account) -> Self {
        let entries = [(charged_to, amount), (Account::GatewayClearing, -amount)];
        Self::of(BookingKind::RefundReinstated, &entries)
    }

    /// The provider has taken so much more than it said at first; less, if it is negative.
    pub(crate) fn late_fees(difference: i64) -> Self {
        let entries = [
            (Account::Fees, difference),
            (Account::GatewayClearing, -difference),
        ];
        Self::of(BookingKind::Fees, &entries)
    }

    /// The provider has paid out `amount`; if it is negative, that much came back.
    pub(crate) fn payout(amount: i64) -> Self {
        let entries = [(Account::Bank, amount), (Account::GatewayClearing, -amount)];
        Self::of(BookingKind::Settlement, &entries)
    }

    /// A buyer's bank has taken `amount`, at the cost of `charged_to`.
    pub(crate) fn chargeback(amount: i64, charged_to: Account) -> Self {
        let entries = [(charged_to, amount), (Account::GatewayClearing, -amount)];
        Self::of(BookingKind::Chargeback, &entries)
    }

    /// `amount` had been taken by a buyer's bank and was given back.
    pub(crate) fn chargeback_returned(amount: i64, charged_to: Account) -> Self {
        let entries = [(Account::GatewayClearing, amount), (charged_to, -amount)];
        Self::of(BookingKind::ChargebackReturned, &entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(booking: &Booking) -> i64 {
        booking.entries.iter().map(|(_, amount)| amount).sum()
    }

    #[test]
    fn whatever_is_booked_has_both_sides() {
        for (paid, due, fees, back) in [
            (150_000, 150_000, 12_250, 0),
            (150_000, 150_000, 0, 150_000),
            (40_333, 30_050, 10_283, 0),
            (40_333, 30_050, 10_283, 5_000),
        ] {
            let bookings = [
                Booking::capture(paid, fees),
                Booking::keep(paid, due, back, 0),
                Booking::keep(paid, due, 0, back),
                Booking::chargeback(paid, Account::Chargebacks),
                Booking::chargeback_returned(paid, Account::Suspense),
                Booking::refund_requested(paid, Account::Refunds),
                Booking::refund_processed(paid),
                Booking::refund_failed(paid, Account::Suspense),
                Booking::refund_returned(paid, Account::Refunds),
                Booking::refund_reinstated(paid, Account::Suspense),
                Booking::late_fees(paid),
                Booking::late_fees(-paid),
                Booking::payout(paid),
            ];
            for booking in bookings {
                assert_eq!(sum(&booking), 0, "{booking:?}");
                assert!(booking.entries.len() > 1, "{booking:?}");
                assert!(booking.entries.iter().all(|(_, amount)| *amount != 0));
            }
        }
    }

    #[test]
    fn a_sale_that_is_paid_back_leaves_only_the_fees() {
        let bookings = [
            Booking::capture(150_000, 12_250),
            Booking::keep(150_000, 150_000, 0, 0),
            Booking::refund_requested(150_000, Account::Refunds),
            Booking::refund_processed(150_000),
        ];
        let balance = |account: Account| -> i64 {
            let entries = bookings.iter().flat_map(|booking| &booking.entries);
            let own = entries.filter(|(other, _)| *other == account);
            own.map(|(_, amount)| amount).sum()
        };
        assert_eq!(balance(Account::Suspense), 0);
        assert_eq!(balance(Account::RefundsPayable), 0);
        assert_eq!(balance(Account::Sales) + balance(Account::Refunds), 0);
        assert_eq!(balance(Account::Fees), 12_250);
        assert_eq!(balance(Account::GatewayClearing), -12_250);
    }

    #[test]
    fn what_is_paid_out_leaves_nothing_with_the_provider() {
        let bookings = [
            Booking::capture(150_000, 12_250),
            Booking::late_fees(250),
            Booking::payout(137_500),
        ];
        let balance = |bookings: &[Booking], of: Account| -> i64 {
            let entries = bookings.iter().flat_map(|booking| &booking.entries);
            let own = entries.filter(|(other, _)| *other == of);
            own.map(|(_, amount)| amount).sum()
        };
        assert_eq!(balance(&bookings, Account::GatewayClearing), 0);
        assert_eq!(balance(&bookings, Account::Bank), 137_500);
        let [_, _, out] = &bookings;
        let back = Booking::payout(-137_500);
        for of in Account::ALL {
            assert_eq!(balance(&[out.clone(), back.clone()], of), 0);
        }
    }

    #[test]
    fn a_refund_that_fails_is_as_if_it_had_never_been() {
        for account in [Account::Refunds, Account::Suspense] {
            let requested = Booking::refund_requested(700, account);
            let failed = Booking::refund_failed(700, account);
            for (account, amount) in requested.entries {
                assert!(failed.entries.contains(&(account, -amount)));
            }
        }
    }

    #[test]
    fn a_refund_that_comes_back_is_as_if_it_had_never_been_and_one_that_arrives_late_as_any() {
        for account in [Account::Refunds, Account::Suspense] {
            let there = [
                Booking::refund_requested(700, account),
                Booking::refund_processed(700),
            ];
            let balance = |bookings: &[Booking], of: Account| -> i64 {
                let entries = bookings.iter().flat_map(|booking| &booking.entries);
                let own = entries.filter(|(other, _)| *other == of);
                own.map(|(_, amount)| amount).sum()
            };
            let back = [Booking::refund_returned(700, account)];
            let late = [Booking::refund_reinstated(700, account)];
            for of in Account::ALL {
                assert_eq!(balance(&there, of) + balance(&back, of), 0);
                assert_eq!(balance(&there, of), balance(&late, of));
            }
        }
    }

    #[test]
    fn names_are_exact() {
        for account in Account::ALL {
            assert_eq!(account.name().parse(), Ok(account));
        }
        assert!("cash".parse::<Account>().is_err());
    }

    #[test]
    fn each_booking_says_why_it_was_made() {
        let of = Account::Suspense;
        for (booking, name) in [
            (Booking::capture(2, 1), "capture"),
            (Booking::keep(2, 2, 0, 0), "keep"),
            (Booking::refund_requested(1, of), "refund_requested"),
            (Booking::refund_processed(1), "refund_processed"),
            (Booking::refund_failed(1, of), "refund_failed"),
            (Booking::refund_returned(1, of), "refund_returned"),
            (Booking::refund_reinstated(1, of), "refund_reinstated"),
            (Booking::late_fees(1), "fees"),
            (Booking::payout(1), "settlement"),
            (Booking::chargeback(1, of), "chargeback"),
            (Booking::chargeback_returned(1, of), "chargeback_returned"),
        ] {
            assert_eq!(booking.kind.name(), name);
        }
    }
}
