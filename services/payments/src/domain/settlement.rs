//! What the provider pays out, and whether our books explain it.
//!
//! The provider pays what it took, less its fees and what it holds back for refunds and chargebacks. The books say the same in
//! their own words: what was captured less its fees, and what has gone back. Where the two differ nothing is made up: what was
//! paid out is booked, and the rest is for people to explain.

use std::str::FromStr;

/// How a settlement stands at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SettlementStatus {
    /// It will be paid out.
    Pending,
    /// It is on its way.
    Processing,
    /// It was paid out.
    Success,
    /// It did not arrive, or came back.
    Failed,
}

/// The text names no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be pending, processing, success or failed")]
pub(crate) struct UnknownStatus;

impl SettlementStatus {
    const ALL: [Self; 4] = [Self::Pending, Self::Processing, Self::Success, Self::Failed];

    /// The name in JSON and SQL, which is the provider's.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Success => "success",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for SettlementStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        let mut all = Self::ALL.into_iter();
        all.find(|status| status.name() == text)
            .ok_or(UnknownStatus)
    }
}

/// What the provider says of a settlement as a whole, in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    /// What buyers paid.
    pub(crate) processed: i64,
    /// What the provider keeps for itself.
    pub(crate) fees: i64,
    /// What it holds back for refunds and chargebacks.
    pub(crate) deductions: i64,
    /// What it pays out.
    pub(crate) effective: i64,
}

/// What the rows of a settlement come to, in hundredths, and what the books say of the same payments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    /// How many there are.
    pub(crate) count: i64,
    /// What buyers paid by the provider's rows.
    pub(crate) amount: i64,
    /// The provider's fees by its rows.
    pub(crate) fees: i64,
    /// What was captured of those payments by our books.
    pub(crate) captured: i64,
    /// Its fees by our books.
    pub(crate) captured_fees: i64,
    /// Rows of which we have no payment, or none that is paid.
    pub(crate) unknown: i64,
    /// Rows of another amount or currency than we captured.
    pub(crate) unlike: i64,
    /// Rows of other fees than we booked.
    pub(crate) other_fees: i64,
    /// Payments that another settlement has paid out as well.
    pub(crate) twice: i64,
}

/// What we make of a settlement that was paid out, in hundredths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// What of the deductions is for money that has gone back by our books.
    pub(crate) explained: i64,
    /// What would have been paid out by our books.
    pub(crate) expected: i64,
    /// What was paid out on top of that; less than nothing if it was too little.
    pub(crate) difference: i64,
    /// What does not agree, in words of the interface.
    pub(crate) doubts: Vec<&'static str>,
}

impl Judgement {
    /// Whether people have to look.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.difference != 0 || !self.doubts.is_empty()
    }
}

/// Compares what was told with the books. `gone_back` is what has gone back by our books and no settlement has held back yet.
pub(crate) fn judge(told: &Told, rows: &Rows, gone_back: i64) -> Judgement {
    let explained = told.deductions.min(gone_back.max(0));
    let expected = rows.captured - rows.captured_fees - explained;
    let says = |is_so: bool, what: &'static str| is_so.then_some(what);
    let doubts = [
        says(
            told.processed - told.fees - told.deductions != told.effective,
            "its_sums_do_not_add_up",
        ),
        says(rows.amount != told.processed, "rows_of_another_total"),
        says(rows.fees != told.fees, "rows_of_other_fees"),
        says(rows.unknown > 0, "unknown_payments"),
        says(rows.unlike > 0, "other_amounts"),
        says(rows.other_fees > 0, "fees_not_booked"),
        says(rows.twice > 0, "paid_out_twice"),
        says(explained < told.deductions, "unexplained_deductions"),
    ];
    Judgement {
        explained,
        expected,
        difference: told.effective - expected,
        doubts: doubts.into_iter().flatten().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: Told = Told {
        processed: 300_000,
        fees: 3_000,
        deductions: 0,
        effective: 297_000,
    };
    const ROWS: Rows = Rows {
        count: 2,
        amount: 300_000,
        fees: 3_000,
        captured: 300_000,
        captured_fees: 3_000,
        unknown: 0,
        unlike: 0,
        other_fees: 0,
        twice: 0,
    };

    #[test]
    fn what_the_books_say_as_well_is_no_matter_for_people() {
        let judged = judge(&TOLD, &ROWS, 0);
        assert_eq!((judged.expected, judged.difference), (297_000, 0));
        assert!(!judged.is_doubtful());
        // Money that went back and is held back later.
        assert!(!judge(&TOLD, &ROWS, 50_000).is_doubtful());
    }

    #[test]
    fn deductions_are_explained_as_far_as_money_has_gone_back() {
        let told = Told {
            deductions: 50_000,
            effective: 247_000,
            ..TOLD
        };
        for (gone_back, explained, difference) in [
            (50_000, 50_000, 0),
            (70_000, 50_000, 0),
            (20_000, 20_000, -30_000),
            (0, 0, -50_000),
            // A refund came back after it had been held back.
            (-100, 0, -50_000),
        ] {
            let judged = judge(&told, &ROWS, gone_back);
            assert_eq!(judged.explained, explained, "{gone_back}");
            assert_eq!(judged.difference, difference, "{gone_back}");
            assert_eq!(judged.is_doubtful(), difference != 0, "{gone_back}");
            let is_named = judged.doubts == ["unexplained_deductions"];
            assert_eq!(is_named, explained < 50_000, "{gone_back}");
        }
    }

    #[test]
    fn whatever_does_not_agree_is_named() {
        type Change = fn(&mut Told, &mut Rows);
        let cases: [(Change, &str); 7] = [
            (|told, _| told.effective -= 1, "its_sums_do_not_add_up"),
            (|_, rows| rows.amount -= 1, "rows_of_another_total"),
            (|_, rows| rows.fees += 1, "rows_of_other_fees"),
            (|_, rows| rows.unknown = 1, "unknown_payments"),
            (|_, rows| rows.unlike = 1, "other_amounts"),
            (|_, rows| rows.other_fees = 1, "fees_not_booked"),
            (|_, rows| rows.twice = 1, "paid_out_twice"),
        ];
        for (change, doubt) in cases {
            let (mut told, mut rows) = (TOLD, ROWS);
            change(&mut told, &mut rows);
            let judged = judge(&told, &rows, 0);
            assert_eq!(judged.doubts, [doubt]);
            assert!(judged.is_doubtful());
        }
    }

    #[test]
    fn names_are_the_providers() {
        for status in SettlementStatus::ALL {
            assert_eq!(status.name().parse(), Ok(status));
        }
        assert!("paid".parse::<SettlementStatus>().is_err());
    }
}
