use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const LIMITS: Limits = Limits {
    orders_per_user: 3,
    units_per_user: 20,
    units_per_order: 1000,
    orders_per_address: 0,
};
const NONE: Limits = Limits {
    orders_per_user: 0,
    units_per_user: 0,
    units_per_order: 1000,
    orders_per_address: 0,
};

fn variant(number: u128) -> VariantId {
    VariantId(Uuid::from_u128(number))
}

fn ask(order: u128, user: u128, wanted: &[(u128, i64)]) -> Ask {
    let lines = wanted
        .iter()
        .map(|(number, quantity)| (variant(*number), *quantity));
    Ask {
        order: OrderId(Uuid::from_u128(order)),
        user: UserId(Uuid::from_u128(user)),
        address: Some("there".to_owned()),
        lines: Lines::parse(lines, 1000).unwrap(),
        ttl_secs: 900,
    }
}

fn shelf(stock: &[(u128, i64)]) -> Shelf {
    Shelf {
        available: stock
            .iter()
            .map(|(number, available)| (variant(*number), *available))
            .collect(),
        ..Shelf::default()
    }
}

fn known(shelf: &mut Shelf, ask: &Ask, state: State, is_past: bool) {
    let seconds = TimeDelta::seconds(if is_past { 0 } else { 1 });
    let known = Reserved {
        order: ask.order,
        state,
        expires_at: Some(shelf.now + seconds),
        is_extended: false,
        is_reallocated: false,
        lines: ask.lines.clone(),
    };
    shelf.known.insert(ask.order, known);
}

#[test]
fn an_order_is_taken_wholly_or_not_at_all() {
    let mut shelf = shelf(&[(1, 5), (2, 1)]);
    let wanted = ask(1, 1, &[(1, 5), (2, 2)]);
    let missing = Shortage {
        variant: variant(2),
        wanted: 2,
        available: 1,
    };
    assert_eq!(
        shelf.reserve(&wanted, &LIMITS),
        Decision::Refused(Refusal::Insufficient(vec![missing]))
    );
    assert_eq!(
        shelf.reserve(&ask(2, 1, &[(1, 5), (2, 1)]), &LIMITS),
        Decision::Hold
    );
    assert_eq!(shelf.available[&variant(1)], 0);
}

#[test]
fn a_big_order_that_is_refused_leaves_room_for_a_small_one_behind_it() {
    let mut shelf = shelf(&[(1, 5)]);
    assert!(matches!(
        shelf.reserve(&ask(1, 1, &[(1, 6)]), &LIMITS),
        Decision::Refused(_)
    ));
    assert_eq!(
        shelf.reserve(&ask(2, 2, &[(1, 5)]), &LIMITS),
        Decision::Hold
    );
}

#[test]
fn what_is_not_for_sale_is_missing() {
    let missing = Shortage {
        variant: variant(9),
        wanted: 1,
        available: 0,
    };
    assert_eq!(
        shelf(&[]).reserve(&ask(1, 1, &[(9, 1)]), &LIMITS),
        Decision::Refused(Refusal::Insufficient(vec![missing]))
    );
}

#[test]
fn the_same_order_twice_in_one_batch_takes_once() {
    let mut shelf = shelf(&[(1, 5)]);
    let wanted = ask(1, 1, &[(1, 2)]);
    assert_eq!(shelf.reserve(&wanted, &LIMITS), Decision::Hold);
    assert_eq!(shelf.reserve(&wanted, &LIMITS), Decision::AsBefore);
    assert_eq!(
        shelf.reserve(&ask(1, 1, &[(1, 3)]), &LIMITS),
        Decision::Refused(Refusal::OtherLines)
    );
    assert_eq!(shelf.available[&variant(1)], 3);
}

#[test]
fn each_state_of_a_known_order_has_its_answer() {
    let wanted = ask(1, 1, &[(1, 2)]);
    let of = |state, is_past| {
        let mut shelf = shelf(&[(1, 2)]);
        known(&mut shelf, &wanted, state, is_past);
        let decision = shelf.reserve(&wanted, &LIMITS);
        (decision, shelf.available[&variant(1)])
    };
    assert_eq!(of(State::Active, false), (Decision::AsBefore, 2));
    assert_eq!(of(State::Active, true), (Decision::Renew, 2));
    assert_eq!(of(State::Committed, true), (Decision::AsBefore, 2));
    assert_eq!(of(State::Expired, true), (Decision::HoldAgain, 0));
    assert_eq!(
        of(State::Released, true),
        (Decision::Refused(Refusal::Released), 2)
    );
}

#[test]
fn what_is_over_begins_anew_only_within_the_limits() {
    let wanted = ask(1, 1, &[(1, 2)]);
    for state in [State::Active, State::Expired] {
        let mut shelf = shelf(&[(1, 2)]);
        known(&mut shelf, &wanted, state, true);
        let held = Held {
            orders: 3,
            units: 3,
            seconds: 60,
        };
        shelf.by_user.insert(wanted.user, held);
        assert_eq!(
            shelf.reserve(&wanted, &LIMITS),
            Decision::Refused(Refusal::Limit { seconds: 60 })
        );
    }
}

#[test]
fn an_order_is_sold_within_the_batch_that_holds_it() {
    let mut shelf = shelf(&[(1, 5)]);
    let wanted = ask(1, 1, &[(1, 2)]);
    assert_eq!(shelf.sell(wanted.order), Commit::Unavailable);
    assert_eq!(shelf.reserve(&wanted, &LIMITS), Decision::Hold);
    assert_eq!(shelf.sell(wanted.order), Commit::Held);
    assert_eq!(shelf.sell(wanted.order), Commit::Already);
    assert_eq!(shelf.give_back(wanted.order), Release::Refused);
    assert_eq!(shelf.reserve(&wanted, &LIMITS), Decision::AsBefore);
    assert_eq!(shelf.available[&variant(1)], 3);
}

#[test]
fn what_is_given_back_is_there_for_the_next_and_not_for_the_same() {
    let mut shelf = shelf(&[(1, 2)]);
    let (first, second) = (ask(1, 1, &[(1, 2)]), ask(2, 2, &[(1, 2)]));
    assert_eq!(shelf.reserve(&first, &LIMITS), Decision::Hold);
    assert_eq!(shelf.give_back(first.order), Release::Held);
    assert_eq!(shelf.give_back(first.order), Release::Already);
    assert_eq!(shelf.reserve(&second, &LIMITS), Decision::Hold);
    assert_eq!(
        shelf.reserve(&first, &LIMITS),
        Decision::Refused(Refusal::Released)
    );
    assert_eq!(shelf.sell(first.order), Commit::Unavailable);
}

#[test]
fn a_release_of_an_unknown_order_bars_it() {
    let mut shelf = shelf(&[(1, 2)]);
    let wanted = ask(1, 1, &[(1, 2)]);
    assert_eq!(shelf.give_back(wanted.order), Release::Bar);
    assert_eq!(
        shelf.reserve(&wanted, &LIMITS),
        Decision::Refused(Refusal::Released)
    );
    assert_eq!(shelf.available[&variant(1)], 2);
}

#[test]
fn a_late_sale_takes_what_is_left_or_is_given_up_for_good() {
    let (first, second) = (ask(1, 1, &[(1, 2)]), ask(2, 2, &[(1, 2)]));
    let mut shelf = shelf(&[(1, 3)]);
    known(&mut shelf, &first, State::Expired, true);
    known(&mut shelf, &second, State::Expired, true);
    assert_eq!(shelf.sell(first.order), Commit::FromShelf);
    assert!(shelf.known[&first.order].is_reallocated);
    assert_eq!(shelf.available[&variant(1)], 1);
    assert_eq!(shelf.sell(second.order), Commit::GiveUp);
    shelf.available.insert(variant(1), 9);
    assert_eq!(shelf.sell(second.order), Commit::Unavailable);
}

#[test]
fn what_comes_back_of_a_variant_that_is_not_sold_any_more_is_not_for_sale() {
    let mut shelf = shelf(&[]);
    let wanted = ask(1, 1, &[(1, 2)]);
    known(&mut shelf, &wanted, State::Active, false);
    assert_eq!(shelf.give_back(wanted.order), Release::Held);
    assert!(matches!(
        shelf.reserve(&ask(2, 2, &[(1, 1)]), &LIMITS),
        Decision::Refused(Refusal::Insufficient(_))
    ));
}

#[test]
fn stock_is_checked_before_limits() {
    let mut shelf = shelf(&[(1, 1)]);
    let held = Held {
        orders: 3,
        units: 3,
        seconds: 60,
    };
    shelf.by_user.insert(UserId(Uuid::from_u128(1)), held);
    assert!(matches!(
        shelf.reserve(&ask(1, 1, &[(1, 2)]), &LIMITS),
        Decision::Refused(Refusal::Insufficient(_))
    ));
    assert_eq!(
        shelf.reserve(&ask(1, 1, &[(1, 1)]), &LIMITS),
        Decision::Refused(Refusal::Limit { seconds: 60 })
    );
}

#[test]
fn a_buyer_holds_three_orders_and_no_fourth() {
    let mut shelf = shelf(&[(1, 100)]);
    for order in 1..=3 {
        assert_eq!(
            shelf.reserve(&ask(order, 1, &[(1, 1)]), &LIMITS),
            Decision::Hold
        );
    }
    let refused = Decision::Refused(Refusal::Limit { seconds: 900 });
    assert_eq!(shelf.reserve(&ask(4, 1, &[(1, 1)]), &LIMITS), refused);
    assert_eq!(
        shelf.reserve(&ask(5, 2, &[(1, 1)]), &LIMITS),
        Decision::Hold
    );
}

#[test]
fn a_buyer_at_the_limit_is_told_when_the_first_hold_ends() {
    let limits = Limits {
        orders_per_user: 2,
        ..LIMITS
    };
    for (first, second) in [(600, 900), (900, 600)] {
        let mut shelf = shelf(&[(1, 100)]);
        for (order, ttl_secs) in [(1, first), (2, second)] {
            let wanted = Ask {
                ttl_secs,
                ..ask(order, 1, &[(1, 1)])
            };
            assert_eq!(shelf.reserve(&wanted, &limits), Decision::Hold);
        }
        assert_eq!(
            shelf.reserve(&ask(3, 1, &[(1, 1)]), &limits),
            Decision::Refused(Refusal::Limit { seconds: 600 })
        );
    }
}

#[test]
fn units_are_counted_over_the_other_orders() {
    let mut shelf = shelf(&[(1, 100)]);
    assert_eq!(
        shelf.reserve(&ask(1, 1, &[(1, 30)]), &LIMITS),
        Decision::Hold
    );
    assert!(matches!(
        shelf.reserve(&ask(2, 1, &[(1, 1)]), &LIMITS),
        Decision::Refused(Refusal::Limit { .. })
    ));
}

#[test]
fn an_address_has_a_limit_only_if_one_is_set() {
    let limits = Limits {
        orders_per_address: 1,
        ..LIMITS
    };
    let mut shelf = shelf(&[(1, 100)]);
    assert_eq!(
        shelf.reserve(&ask(1, 1, &[(1, 1)]), &limits),
        Decision::Hold
    );
    assert!(matches!(
        shelf.reserve(&ask(2, 2, &[(1, 1)]), &limits),
        Decision::Refused(Refusal::Limit { .. })
    ));
    assert_eq!(
        shelf.reserve(&ask(3, 2, &[(1, 1)]), &LIMITS),
        Decision::Hold
    );
}

proptest! {
    #[test]
    fn no_batch_takes_more_than_is_there(
        stock in prop::collection::vec(0_i64..20, 4),
        asks in prop::collection::vec((0_u128..12, prop::collection::vec((0_u128..5, 1_i64..8), 1..4)), 1..40),
    ) {
        let given: Vec<(u128, i64)> = (0..).zip(stock.iter().copied()).collect();
        let mut shelf = shelf(&given);
        let mut taken: HashMap<VariantId, i64> = HashMap::new();
        for (order, wanted) in &asks {
            let ask = ask(*order, *order, wanted);
            let before = shelf.available.clone();
            match shelf.reserve(&ask, &NONE) {
                Decision::Hold => {
                    for (variant, quantity) in ask.lines.iter() {
                        *taken.entry(variant).or_default() += quantity;
                    }
                }
                // Whoever is refused or was answered before takes nothing.
                decision => {
                    prop_assert!(matches!(decision, Decision::AsBefore | Decision::Refused(_)));
                    prop_assert_eq!(&shelf.available, &before);
                }
            }
        }
        for (number, there) in given {
            let left = shelf.available[&variant(number)];
            prop_assert!(left >= 0);
            prop_assert_eq!(left + taken.get(&variant(number)).copied().unwrap_or(0), there);
        }
    }

    #[test]
    fn no_sequence_of_commands_loses_or_doubles_a_unit(
        stock in 0_i64..12,
        commands in prop::collection::vec((0_u128..6, 0_u8..3), 1..60),
    ) {
        let mut shelf = shelf(&[(1, stock)]);
        let mut sold = 0;
        for (order, command) in commands {
            let ask = ask(order, order, &[(1, i64::try_from(order).unwrap() + 1)]);
            match command {
                0 => drop(shelf.reserve(&ask, &NONE)),
                1 => {
                    if matches!(shelf.sell(ask.order), Commit::Held | Commit::FromShelf) {
                        sold += ask.lines.units();
                    }
                }
                _ => drop(shelf.give_back(ask.order)),
            }
            let held: i64 = shelf
                .known
                .values()
                .filter(|known| known.state == State::Active)
                .map(|known| known.lines.units())
                .sum();
            let left = shelf.available[&variant(1)];
            prop_assert!(left >= 0);
            prop_assert_eq!(left + held + sold, stock);
        }
    }
}
