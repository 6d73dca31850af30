use uuid::Uuid;

use super::*;

const ONE: PaymentId = PaymentId(Uuid::from_u128(1));
const OTHER: PaymentId = PaymentId(Uuid::from_u128(2));

/// What a row of the table expects.
#[derive(Debug, PartialEq)]
enum Answer {
    To(OrderStatus),
    /// The payment is noted, the status stays.
    Settling,
    Already,
    Refused,
}

use Answer::{Already, Refused as No, Settling, To};
use OrderStatus as S;

fn answer(stage: Stage, command: Command) -> Answer {
    match stage.after(command) {
        Ok(Change::Already) => Already,
        Err(_refused) => No,
        Ok(Change::To(next)) if next.settling.is_some() => {
            assert_eq!(next.status, stage.status);
            Settling
        }
        Ok(Change::To(next)) => To(next.status),
    }
}

/// An order in this status, settled by payment one if it is settled.
fn settled(status: S) -> Stage {
    let is_settled = !matches!(status, S::Pending | S::Cancelled | S::Expired);
    Stage {
        status,
        settling: None,
        settled_by: is_settled.then_some(ONE),
    }
}

#[test]
fn every_status_answers_every_command() {
    let sold = Command::Settle(ONE, Goods::Sold);
    let gone = Command::Settle(ONE, Goods::Gone);
    let commands = [
        Command::BeginSettling(ONE),
        Command::BeginSettling(OTHER),
        sold,
        gone,
        Command::Forgo(ONE),
        Command::Cancel,
        Command::Expire,
        Command::Ship,
        Command::Deliver,
        Command::Refund,
    ];
    #[rustfmt::skip]
    let table = [
        // status             begin one  other     sold     gone     forgo    cancel            expire          ship            deliver           refund
        (S::Pending,         [Settling,  Settling, No,      No,      No,      To(S::Cancelled), To(S::Expired), No,             No,               No]),
        (S::Processing,      [Already,   No,       Already, Already, No,      No,               No,             To(S::Shipped), No,               To(S::Refunded)]),
        (S::Shipped,         [Already,   No,       Already, Already, No,      No,               No,             Already,        To(S::Delivered), To(S::Refunded)]),
        (S::Delivered,       [Already,   No,       Already, Already, No,      No,               No,             No,             Already,          To(S::Refunded)]),
        (S::Cancelled,       [No,        No,       No,      No,      Already, Already,          No,             No,             No,               No]),
        (S::Expired,         [Settling,  Settling, No,      No,      No,      No,               Already,        No,             No,               No]),
        (S::PaidUnallocated, [Already,   No,       Already, Already, No,      No,               No,             No,             No,               To(S::Refunded)]),
        (S::Refunded,        [Already,   No,       Already, Already, No,      No,               No,             No,             No,               Already]),
    ];
    assert_eq!(table.len(), S::ALL.len());
    for (status, answers) in table {
        for (command, expected) in commands.into_iter().zip(answers) {
            assert_eq!(
                answer(settled(status), command),
                expected,
                "{status:?} {command:?}"
            );
        }
    }
}

#[test]
fn an_order_that_is_being_settled_can_only_be_settled() {
    for status in [S::Pending, S::Expired] {
        let stage = Stage {
            status,
            settling: Some(ONE),
            settled_by: None,
        };
        for (command, expected) in [
            (Command::BeginSettling(ONE), Already),
            (Command::BeginSettling(OTHER), No),
            (Command::Settle(ONE, Goods::Sold), To(S::Processing)),
            (Command::Settle(ONE, Goods::Gone), To(S::PaidUnallocated)),
            (Command::Settle(OTHER, Goods::Sold), No),
            (Command::Forgo(ONE), To(S::Cancelled)),
            (Command::Forgo(OTHER), No),
            (Command::Cancel, No),
            (Command::Expire, No),
            (Command::Ship, No),
            (Command::Deliver, No),
            (Command::Refund, No),
        ] {
            assert_eq!(answer(stage, command), expected, "{status:?} {command:?}");
        }
    }
}

#[test]
fn a_settled_order_names_its_payment_for_ever() {
    let begun = settled(S::Pending).after(Command::BeginSettling(ONE));
    let Ok(Change::To(begun)) = begun else {
        panic!("{begun:?}")
    };
    let mut stage = begun;
    for command in [
        Command::Settle(ONE, Goods::Sold),
        Command::Ship,
        Command::Deliver,
        Command::Refund,
    ] {
        let Ok(Change::To(next)) = stage.after(command) else {
            panic!("{command:?}")
        };
        assert_eq!(next.settled_by, Some(ONE), "{command:?}");
        stage = next;
    }
}

#[test]
fn an_order_is_over_once_nothing_is_owed_and_no_payment_is_settling_it() {
    for status in S::ALL {
        let is_over = !matches!(status, S::Pending | S::Processing | S::Shipped);
        assert_eq!(settled(status).is_over(), is_over, "{status:?}");
        let settling = Stage {
            settling: Some(ONE),
            ..settled(status)
        };
        assert!(!settling.is_over(), "{status:?}");
    }
}

#[test]
fn a_refusal_says_what_stands_in_the_way() {
    let shipped = settled(S::Shipped).after(Command::Cancel).unwrap_err();
    assert_eq!(shipped.to_string(), "the order is shipped");
    let settling = Stage {
        settling: Some(ONE),
        ..settled(S::Pending)
    };
    let refused = settling.after(Command::Cancel).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a payment for the order has just arrived"
    );
}

#[test]
fn a_status_is_read_as_it_is_written() {
    for status in S::ALL {
        assert_eq!(status.name().parse(), Ok(status));
    }
    assert_eq!("Pending".parse::<S>(), Err(UnknownStatus));
}
