//! Every class, and everything that looks like one and is none.

use money::Currency;

use super::*;

const DUE: i64 = 150_000;
const FEES: i64 = 12_250;

fn at(hours: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(hours)
}

fn terms() -> Terms {
    Terms {
        mode: Mode::Test,
        bearer: FeeBearer::Shop,
        now: at(0),
    }
}

fn open() -> Ours {
    Ours {
        status: PaymentStatus::Initialized,
        due: Money::from_minor(DUE, Currency::Ngn),
        capture: None,
        is_kept: false,
        has_kept_rival: false,
        is_decided_later: false,
        going_back_minor: 0,
        is_charged_back: false,
        created_at: at(-30),
    }
}

fn paid() -> Ours {
    Ours {
        status: PaymentStatus::Paid,
        capture: Some(Captured {
            paid_minor: DUE,
            currency: "NGN".to_owned(),
            fees_minor: Some(FEES),
        }),
        is_kept: true,
        ..open()
    }
}

fn with_capture(change: impl FnOnce(&mut Captured)) -> Ours {
    let mut ours = paid();
    change(ours.capture.as_mut().unwrap());
    ours
}

fn observation(word: &str) -> Observation {
    Observation {
        gateway_id: "4099260516".to_owned(),
        status: GatewayStatus::of(word),
        reference: "AGP-1-1".to_owned(),
        domain: "test".to_owned(),
        paid_minor: DUE,
        requested_minor: Some(DUE),
        currency: "NGN".to_owned(),
        channel: Some("card".to_owned()),
        fees_minor: Some(FEES),
        paid_at: Some(at(-20)),
    }
}

fn seen(word: &str) -> Theirs {
    seen_with(word, |_| {})
}

fn seen_with(word: &str, change: impl FnOnce(&mut Observation)) -> Theirs {
    let mut seen = observation(word);
    change(&mut seen);
    Theirs::Seen {
        seen,
        is_refunded: false,
    }
}

fn refunded(word: &str) -> Theirs {
    Theirs::Seen {
        seen: observation(word),
        is_refunded: true,
    }
}

fn judged(ours: &Ours, theirs: &Theirs) -> Vec<(&'static str, &'static str)> {
    let findings = judge(&terms(), ours, theirs);
    let names = findings
        .iter()
        .map(|finding| (finding.class.name(), finding.remedy.name()));
    names.collect()
}

#[test]
fn each_class_is_found_for_what_it_is() {
    let of_people = |ours: Ours, theirs: Theirs, class: &'static str| {
        assert_eq!(
            judged(&ours, &theirs),
            [(class, "people")],
            "{ours:?} {theirs:?}"
        );
    };
    of_people(paid(), Theirs::Unknown, "missing-gateway");
    of_people(
        paid(),
        seen_with("success", |one| one.domain = "live".to_owned()),
        "missing-gateway",
    );
    of_people(
        paid(),
        seen_with("success", |one| one.paid_minor = DUE + 1),
        "amount",
    );
    of_people(
        with_capture(|one| one.paid_minor = DUE - 1),
        seen("success"),
        "amount",
    );
    of_people(
        paid(),
        seen_with("success", |one| one.currency = "GHS".to_owned()),
        "currency",
    );
    for word in ["abandoned", "failed", "ongoing", "pending", "a-new-word"] {
        of_people(paid(), seen(word), "status");
    }
    for word in ["reversed", "reversal-pending"] {
        of_people(paid(), seen(word), "reversed");
    }
    of_people(
        paid(),
        seen_with("success", |one| one.fees_minor = Some(1)),
        "fee-anomaly",
    );
    let unknown_fees = with_capture(|one| one.fees_minor = None);
    let absurd = seen_with("success", |one| one.fees_minor = Some(DUE + 1));
    of_people(unknown_fees.clone(), absurd, "fee-anomaly");
    assert_eq!(
        judged(&unknown_fees, &seen("success")),
        [("fee-anomaly", "fees")]
    );
    let rival = Ours {
        is_kept: false,
        has_kept_rival: true,
        ..paid()
    };
    of_people(rival, seen("success"), "double-kept");
    assert_eq!(judged(&open(), &seen("success")), [("status", "confirm")]);
    assert_eq!(
        judged(&open(), &seen("reversed")),
        [("reversed", "confirm")]
    );
    for word in ["abandoned", "failed", "pending"] {
        assert_eq!(
            judged(&open(), &seen(word)),
            [("stale-pending", "confirm")],
            "{word}"
        );
    }
    assert_eq!(
        judged(&open(), &Theirs::Unknown),
        [("stale-pending", "confirm")]
    );
}

#[test]
fn what_was_paid_beside_what_was_due_is_found_until_it_has_gone_back() {
    let other_amount = Ours {
        is_kept: false,
        ..with_capture(|one| one.paid_minor = DUE + 50)
    };
    let there = seen_with("success", |one| one.paid_minor = DUE + 50);
    assert_eq!(judged(&other_amount, &there), [("amount", "people")]);
    let back = Ours {
        going_back_minor: DUE + 50,
        ..other_amount
    };
    assert!(judged(&back, &there).is_empty());
    let other_currency = with_capture(|one| one.currency = "USD".to_owned());
    let there = seen_with("success", |one| one.currency = "USD".to_owned());
    assert_eq!(judged(&other_currency, &there), [("currency", "people")]);
}

#[test]
fn what_agrees_is_no_mismatch() {
    let clean = |ours: Ours, theirs: Theirs| {
        assert!(judged(&ours, &theirs).is_empty(), "{ours:?} {theirs:?}");
    };
    clean(paid(), seen("success"));
    clean(paid(), seen_with("success", |one| one.fees_minor = None));
    // A refund explains that it goes back, on whichever side it is known.
    clean(paid(), refunded("reversal-pending"));
    clean(
        Ours {
            going_back_minor: 1,
            ..paid()
        },
        seen("reversal-pending"),
    );
    clean(
        Ours {
            status: PaymentStatus::Refunded,
            going_back_minor: DUE,
            ..paid()
        },
        seen("reversed"),
    );
    clean(
        Ours {
            is_charged_back: true,
            ..paid()
        },
        seen("reversed"),
    );
    // A second payment of an order that goes back, or may still be decided about.
    let rival = Ours {
        is_kept: false,
        has_kept_rival: true,
        ..paid()
    };
    clean(
        Ours {
            going_back_minor: DUE,
            ..rival.clone()
        },
        seen("success"),
    );
    clean(
        Ours {
            is_decided_later: true,
            ..rival.clone()
        },
        seen("success"),
    );
    clean(
        Ours {
            is_kept: true,
            ..rival
        },
        seen("success"),
    );
    // Somebody may still be about to pay.
    let young = Ours {
        created_at: at(-23),
        ..open()
    };
    for theirs in [seen("abandoned"), seen("pending"), Theirs::Unknown] {
        clean(young.clone(), theirs);
    }
    for status in [PaymentStatus::Failed, PaymentStatus::Abandoned] {
        let ended = Ours { status, ..open() };
        for theirs in [seen("abandoned"), seen("failed"), Theirs::Unknown] {
            clean(ended.clone(), theirs);
        }
        assert_eq!(judged(&ended, &seen("success")), [("status", "confirm")]);
    }
    // Paid a moment ago: the webhook is on its way.
    let now = terms().now;
    clean(
        open(),
        seen_with("success", |one| {
            one.paid_at = Some(now - TimeDelta::minutes(9));
        }),
    );
    let ten_minutes_ago = seen_with("success", |one| {
        one.paid_at = Some(now - TimeDelta::minutes(10));
    });
    assert_eq!(judged(&open(), &ten_minutes_ago), [("status", "confirm")]);
    // Of another world, where nobody pays anything.
    clean(
        young,
        seen_with("success", |one| one.domain = "live".to_owned()),
    );
}

#[test]
fn one_payment_may_be_wrong_in_two_ways() {
    let rival = Ours {
        is_kept: false,
        has_kept_rival: true,
        ..paid()
    };
    let cheap = seen_with("success", |one| one.fees_minor = Some(1));
    assert_eq!(
        judged(&rival, &cheap),
        [("fee-anomaly", "people"), ("double-kept", "people")]
    );
}

#[test]
fn where_buyers_bear_the_fees_what_was_asked_for_is_compared() {
    let terms = Terms {
        bearer: FeeBearer::Buyer,
        ..terms()
    };
    let ours = with_capture(|one| one.paid_minor = DUE + FEES);
    let theirs = seen_with("success", |one| one.paid_minor = DUE + FEES);
    assert!(judge(&terms, &ours, &theirs).is_empty());
    let asked_less = seen_with("success", |one| {
        one.paid_minor = DUE + FEES;
        one.requested_minor = Some(DUE - 1);
    });
    let found = judge(&terms, &ours, &asked_less);
    assert_eq!(found, [Finding::of_people(Class::Amount)]);
}

#[test]
fn of_strangers_only_money_counts() {
    let terms = terms();
    for (word, is_found) in [
        ("success", true),
        ("reversed", true),
        ("abandoned", false),
        ("failed", false),
    ] {
        let found = judge_stranger(&terms, &observation(word));
        assert_eq!(found.is_some(), is_found, "{word}");
    }
    let live = Observation {
        domain: "live".to_owned(),
        ..observation("success")
    };
    assert!(judge_stranger(&terms, &live).is_none());
}
