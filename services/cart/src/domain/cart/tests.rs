use chrono::DateTime;
use uuid::Uuid;

use super::*;

const LIMITS: Limits = Limits {
    per_line: 10,
    lines: 3,
};

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

fn empty() -> Cart {
    Cart {
        id: CartId(Uuid::nil()),
        version: 0,
        currency: None,
        lines: Vec::new(),
        updated_at: time(0),
    }
}

fn offer(variant: u128, minor: i64, available: i64) -> Offer {
    Offer {
        variant_id: VariantId(Uuid::from_u128(variant)),
        product_id: ProductId(Uuid::from_u128(variant + 1_000)),
        sku: format!("SKU-{variant}"),
        title: "Lace".to_owned(),
        name: None,
        thumbnail: None,
        price: Money::from_minor(minor, Currency::Ngn),
        is_active: true,
        available,
        variant_count: 1,
    }
}

fn line_id(id: u128) -> LineId {
    LineId(Uuid::from_u128(id))
}

fn add(cart: &mut Cart, variant: u128, quantity: u32) -> Result<Effect, Refusal> {
    let change = Change::Add {
        line_id: line_id(variant),
        offer: offer(variant, 150_000, 50),
        quantity,
    };
    cart.apply(change, LIMITS, time(1))
}

fn quantities(cart: &Cart) -> Vec<(u128, u32)> {
    let of = |line: &Line| (line.variant_id.0.as_u128(), line.quantity);
    cart.lines.iter().map(of).collect()
}

#[test]
fn what_is_added_twice_is_one_line_at_the_newest_price() {
    let mut cart = empty();
    add(&mut cart, 1, 2).unwrap();
    let cheaper = Change::Add {
        line_id: line_id(9),
        offer: offer(1, 100, 50),
        quantity: 3,
    };
    assert_eq!(cart.apply(cheaper, LIMITS, time(2)), Ok(Effect::Changed));
    assert_eq!(quantities(&cart), [(1, 5)]);
    assert_eq!(cart.lines[0].id, line_id(1));
    assert_eq!(cart.lines[0].seen_price.minor(), 100);
    assert_eq!((cart.version, cart.updated_at), (2, time(2)));
    assert_eq!(cart.currency, Some(Currency::Ngn));
}

#[test]
fn a_refused_change_changes_nothing() {
    let mut cart = empty();
    for variant in 1..=3 {
        add(&mut cart, variant, 8).unwrap();
    }
    let before = cart.clone();
    let full = Refusal::LineFull { most: 10, held: 8 };
    assert_eq!(add(&mut cart, 1, 3), Err(full));
    assert_eq!(
        add(&mut cart, 1, u32::MAX),
        Err(full),
        "a sum that overflows"
    );
    assert_eq!(add(&mut cart, 4, 1), Err(Refusal::CartFull(3)));
    let scarce = Change::SetQuantity {
        line_id: line_id(1),
        offer: offer(1, 1, 2),
        quantity: 3,
    };
    assert_eq!(
        cart.apply(scarce, LIMITS, time(9)),
        Err(Refusal::Insufficient(2))
    );
    let mut foreign = offer(2, 1, 50);
    foreign.price = Money::from_minor(1, Currency::Usd);
    let foreign = Change::Add {
        line_id: line_id(5),
        offer: foreign,
        quantity: 1,
    };
    assert_eq!(
        cart.apply(foreign, LIMITS, time(9)),
        Err(Refusal::OtherCurrency(Currency::Ngn, Currency::Usd))
    );
    let absent = Change::Remove(line_id(77));
    assert_eq!(
        cart.apply(absent, LIMITS, time(9)),
        Err(Refusal::NoSuchLine)
    );
    assert_eq!(cart, before);
}

#[test]
fn what_is_not_for_sale_is_not_available_however_many_there_are() {
    let mut cart = empty();
    let mut hidden = offer(1, 100, 50);
    hidden.is_active = false;
    let hidden = Change::Add {
        line_id: line_id(1),
        offer: hidden,
        quantity: 1,
    };
    assert_eq!(
        cart.apply(hidden, LIMITS, time(1)),
        Err(Refusal::Insufficient(0))
    );
    let oversold = Change::Add {
        line_id: line_id(1),
        offer: offer(1, 100, -3),
        quantity: 1,
    };
    assert_eq!(
        cart.apply(oversold, LIMITS, time(1)),
        Err(Refusal::Insufficient(0))
    );
}

#[test]
fn an_emptied_cart_takes_any_currency() {
    let mut cart = empty();
    add(&mut cart, 1, 1).unwrap();
    cart.apply(Change::Clear, LIMITS, time(2)).unwrap();
    assert_eq!((cart.currency, cart.version), (None, 2));
    assert_eq!(
        cart.apply(Change::Clear, LIMITS, time(3)),
        Ok(Effect::Unchanged)
    );
    assert_eq!((cart.version, cart.updated_at), (2, time(2)));
    let mut foreign = offer(2, 1, 50);
    foreign.price = Money::from_minor(1, Currency::Usd);
    let foreign = Change::Add {
        line_id: line_id(2),
        offer: foreign,
        quantity: 1,
    };
    cart.apply(foreign, LIMITS, time(4)).unwrap();
    assert_eq!(cart.currency, Some(Currency::Usd));
}

#[test]
fn a_quantity_that_is_set_again_takes_over_the_new_price_only() {
    let mut cart = empty();
    add(&mut cart, 1, 2).unwrap();
    let set = |minor| Change::SetQuantity {
        line_id: line_id(1),
        offer: offer(1, minor, 50),
        quantity: 2,
    };
    assert_eq!(
        cart.apply(set(150_000), LIMITS, time(2)),
        Ok(Effect::Unchanged)
    );
    assert_eq!(
        cart.apply(set(160_000), LIMITS, time(3)),
        Ok(Effect::Changed)
    );
    assert_eq!(cart.lines[0].seen_price.minor(), 160_000);
}

#[test]
fn what_was_ordered_is_taken_out_and_never_more() {
    let mut cart = empty();
    add(&mut cart, 1, 5).unwrap();
    add(&mut cart, 2, 2).unwrap();
    add(&mut cart, 3, 1).unwrap();
    let variant = |id| VariantId(Uuid::from_u128(id));
    let ordered = vec![
        (variant(1), 2),
        (variant(2), 1_000),
        (variant(3), -4),
        (variant(9), 1),
    ];
    let taken = cart.apply(Change::TakeOrdered(ordered), LIMITS, time(2));
    assert_eq!(taken, Ok(Effect::Changed));
    assert_eq!(quantities(&cart), [(1, 3), (3, 1)]);
    let others = Change::TakeOrdered(vec![(variant(9), 1)]);
    assert_eq!(cart.apply(others, LIMITS, time(3)), Ok(Effect::Unchanged));
}

#[test]
fn two_carts_become_one_within_the_limits() {
    let mut guest = empty();
    add(&mut guest, 1, 8).unwrap();
    add(&mut guest, 3, 4).unwrap();
    add(&mut guest, 4, 1).unwrap();
    let mut cart = empty();
    add(&mut cart, 1, 5).unwrap();
    add(&mut cart, 2, 1).unwrap();
    let merged = cart.apply(Change::Absorb(guest.lines.clone()), LIMITS, time(5));
    assert_eq!(merged, Ok(Effect::Changed));
    assert_eq!(
        quantities(&cart),
        [(1, 10), (2, 1), (3, 4)],
        "summed, capped, and no fourth line"
    );
    let mut foreign = empty();
    let mut dollars = offer(7, 1, 50);
    dollars.price = Money::from_minor(1, Currency::Usd);
    let dollars = Change::Add {
        line_id: line_id(7),
        offer: dollars,
        quantity: 1,
    };
    foreign.apply(dollars, LIMITS, time(1)).unwrap();
    let before = cart.clone();
    let refused = cart.apply(Change::Absorb(foreign.lines), LIMITS, time(6));
    assert_eq!(
        refused,
        Err(Refusal::OtherCurrency(Currency::Ngn, Currency::Usd))
    );
    assert_eq!(cart, before);
    assert_eq!(
        cart.apply(Change::Absorb(Vec::new()), LIMITS, time(6)),
        Ok(Effect::Unchanged)
    );
}
