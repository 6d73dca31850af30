//! What the provider says of a payment, and what follows from it.

use chrono::{DateTime, Utc};
use money::Money;

use super::fees::FeeBearer;
use super::mode::Mode;
use super::status::PaymentStatus;

/// How a transaction stands at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayStatus {
    /// Paid.
    Success,
    /// Nobody has finished paying. Also how each transaction begins.
    Abandoned,
    /// Declined. The same transaction may still succeed.
    Failed,
    /// Somebody is at it.
    Underway,
    /// It was paid, and some or all of it goes or went back.
    Reversed,
    /// A word that is new to us; taken as being underway.
    Other,
}

impl GatewayStatus {
    /// The provider's word.
    pub fn of(word: &str) -> Self {
        match word {
            "success" => Self::Success,
            "abandoned" => Self::Abandoned,
            "failed" => Self::Failed,
            "ongoing" | "pending" | "processing" | "queued" => Self::Underway,
            "reversed" | "reversal-pending" => Self::Reversed,
            _ => Self::Other,
        }
    }

    /// A word that is read back as the same.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Abandoned => "abandoned",
            Self::Failed => "failed",
            Self::Underway => "pending",
            Self::Reversed => "reversed",
            Self::Other => "other",
        }
    }
}

/// A transaction as the provider describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The provider's number for it.
    pub gateway_id: String,
    /// How it stands.
    pub status: GatewayStatus,
    /// Our name for it.
    pub reference: String,
    /// `test` or `live`.
    pub domain: String,
    /// What was charged, in hundredths.
    pub paid_minor: i64,
    /// What was asked for, in hundredths.
    pub requested_minor: Option<i64>,
    /// As the provider names it.
    pub currency: String,
    /// How it was paid.
    pub channel: Option<String>,
    /// The provider's fees, in hundredths.
    pub fees_minor: Option<i64>,
    /// By the provider's clock.
    pub paid_at: Option<DateTime<Utc>>,
}

/// What is known of a payment before it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// How far it has come.
    pub status: PaymentStatus,
    /// Our name for it.
    pub reference: &'a str,
    /// What is due.
    pub due: Money,
    /// Of which world the key is.
    pub mode: Mode,
    /// Who bears the fees.
    pub bearer: FeeBearer,
    /// Whether the time to pay is over.
    pub is_over: bool,
}

/// How an attempt ended without being paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Declined.
    Failed,
    /// Left alone.
    Abandoned,
}

impl Ending {
    /// The status that it gives a payment.
    pub fn status(self) -> PaymentStatus {
        match self {
            Self::Failed => PaymentStatus::Failed,
            Self::Abandoned => PaymentStatus::Abandoned,
        }
    }
}

/// What follows from an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing new.
    Nothing,
    /// Somebody pays in a way that takes time.
    Pending,
    /// It came to nothing, for now.
    Ended(Ending),
    /// What is due is paid.
    Captured,
    /// Something else than what is due is paid.
    Mismatched,
    /// It was paid and already goes back: known, but never a reason to fulfil anything.
    Reversed,
    /// The answer is about something else; it changes nothing, and somebody should know.
    Alien(&'static str),
}

/// What follows from what the provider says.
pub fn judge(known: &Standing<'_>, seen: &Observation) -> Verdict {
    if seen.reference != known.reference {
        return Verdict::Alien("it is about another reference");
    }
    if seen.domain != known.mode.domain() {
        return Verdict::Alien("it is of the other domain than the key");
    }
    if known.status.is_captured() {
        return Verdict::Nothing;
    }
    match seen.status {
        GatewayStatus::Success if agrees(known, seen) => Verdict::Captured,
        GatewayStatus::Success => Verdict::Mismatched,
        GatewayStatus::Reversed => Verdict::Reversed,
        GatewayStatus::Failed => ended(known, Ending::Failed),
        GatewayStatus::Abandoned if known.is_over => ended(known, Ending::Abandoned),
        GatewayStatus::Abandoned => Verdict::Nothing,
        GatewayStatus::Underway | GatewayStatus::Other
            if known.status.may_become(PaymentStatus::Pending) =>
        {
            Verdict::Pending
        }
        GatewayStatus::Underway | GatewayStatus::Other => Verdict::Nothing,
    }
}

/// What follows from the provider not knowing the payment at all.
pub fn judge_unknown(known: &Standing<'_>) -> Verdict {
    if known.is_over {
        ended(known, Ending::Abandoned)
    } else {
        Verdict::Nothing
    }
}

fn ended(known: &Standing<'_>, ending: Ending) -> Verdict {
    if known.status.may_become(ending.status()) {
        Verdict::Ended(ending)
    } else {
        Verdict::Nothing
    }
}

fn agrees(known: &Standing<'_>, seen: &Observation) -> bool {
    let due = known.due;
    seen.currency == due.currency().code()
        && known
            .bearer
            .is_paid_in_full(due.minor(), seen.paid_minor, seen.requested_minor)
}

#[cfg(test)]
mod tests {
    use money::Currency;

    use super::PaymentStatus::*;
    use super::Verdict as V;
    use super::*;

    const DUE: i64 = 150_000;

    fn known(status: PaymentStatus, is_over: bool) -> Standing<'static> {
        Standing {
            status,
            reference: "AGP-1-1",
            due: Money::from_minor(DUE, Currency::Ngn),
            mode: Mode::Test,
            bearer: FeeBearer::Shop,
            is_over,
        }
    }

    fn seen(word: &str) -> Observation {
        Observation {
            gateway_id: "4099260516".to_owned(),
            status: GatewayStatus::of(word),
            reference: "AGP-1-1".to_owned(),
            domain: "test".to_owned(),
            paid_minor: DUE,
            requested_minor: Some(DUE),
            currency: "NGN".to_owned(),
            channel: Some("card".to_owned()),
            fees_minor: Some(12_250),
            paid_at: None,
        }
    }

    #[test]
    fn every_status_has_an_answer_to_every_word() {
        let words = [
            "success",
            "failed",
            "abandoned",
            "ongoing",
            "pending",
            "processing",
            "queued",
            "reversed",
            "reversal-pending",
            "something new",
        ];
        let (failed, abandoned) = (V::Ended(Ending::Failed), V::Ended(Ending::Abandoned));
        let (none, going, paid, back) = (V::Nothing, V::Pending, V::Captured, V::Reversed);
        for (status, is_over, expected) in [
            (
                Initialized,
                false,
                [
                    paid, failed, none, going, going, going, going, back, back, going,
                ],
            ),
            (
                Initialized,
                true,
                [
                    paid, failed, abandoned, going, going, going, going, back, back, going,
                ],
            ),
            (
                Pending,
                false,
                [paid, failed, none, none, none, none, none, back, back, none],
            ),
            (
                Pending,
                true,
                [
                    paid, failed, abandoned, none, none, none, none, back, back, none,
                ],
            ),
            (
                Failed,
                true,
                [paid, none, none, none, none, none, none, back, back, none],
            ),
            (
                Abandoned,
                true,
                [paid, none, none, none, none, none, none, back, back, none],
            ),
            (Paid, true, [none; 10]),
            (PartiallyRefunded, true, [none; 10]),
            (Refunded, true, [none; 10]),
        ] {
            for (word, expected) in words.into_iter().zip(expected) {
                let verdict = judge(&known(status, is_over), &seen(word));
                assert_eq!(verdict, expected, "{status}, over: {is_over}, {word}");
            }
        }
    }

    #[test]
    fn a_status_that_was_written_down_is_read_back_as_the_same() {
        for status in [
            GatewayStatus::Success,
            GatewayStatus::Abandoned,
            GatewayStatus::Failed,
            GatewayStatus::Underway,
            GatewayStatus::Reversed,
            GatewayStatus::Other,
        ] {
            assert_eq!(GatewayStatus::of(status.name()), status);
        }
    }

    #[test]
    fn what_differs_in_amount_or_currency_is_paid_and_settles_nothing() {
        let changes: [fn(&mut Observation); 3] = [
            |seen| seen.paid_minor = DUE - 1,
            |seen| seen.paid_minor = DUE + 1,
            |seen| seen.currency = "GHS".to_owned(),
        ];
        for change in changes {
            let mut seen = seen("success");
            change(&mut seen);
            for status in [Initialized, Pending, Failed, Abandoned] {
                assert_eq!(judge(&known(status, true), &seen), V::Mismatched);
            }
            assert_eq!(judge(&known(Paid, true), &seen), V::Nothing);
        }
    }

    #[test]
    fn an_answer_about_something_else_changes_nothing() {
        let changes: [fn(&mut Observation); 2] = [
            |seen| seen.reference = "AGP-2-1".to_owned(),
            |seen| seen.domain = "live".to_owned(),
        ];
        for change in changes {
            for word in ["success", "failed", "reversed"] {
                let mut seen = seen(word);
                change(&mut seen);
                for status in PaymentStatus::ALL {
                    let verdict = judge(&known(status, true), &seen);
                    assert!(matches!(verdict, V::Alien(_)), "{status} {word}");
                }
            }
        }
    }

    #[test]
    fn one_that_the_provider_never_heard_of_is_given_up_once_its_time_is_over() {
        for status in PaymentStatus::ALL {
            assert_eq!(judge_unknown(&known(status, false)), V::Nothing);
            let expected = if status.is_open() {
                V::Ended(Ending::Abandoned)
            } else {
                V::Nothing
            };
            assert_eq!(judge_unknown(&known(status, true)), expected);
        }
    }
}
