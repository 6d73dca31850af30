//! Many changes at the same time.

use std::collections::HashMap;

use futures_util::future::join_all;
use reqwest::Method;
use test_support::service::Ask as _;

use crate::app::{Options, Shopper, TestApp, contents};

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_at_once_lose_nothing() {
    let options = Options::with(&[("CART__LIMITS__PER_LINE", "1000")]);
    let app = TestApp::start_with(options).await;
    let beside = TestApp::start_with(Options {
        world: Some(app.world.clone()),
        ..Options::with(&[("CART__LIMITS__PER_LINE", "1000")])
    })
    .await;
    let catalogue = &app.world.catalogue;
    let things: Vec<_> = (0..5)
        .map(|_| catalogue.sell_with(|variant| variant["available"] = 10_000.into()))
        .collect();
    let here = app.person();
    let there = beside.person_with(here.id);
    let adds = (0..100).map(|number| {
        let device = if number % 2 == 0 { &here } else { &there };
        device.add(things[number % things.len()], 1)
    });
    for reply in join_all(adds).await {
        reply.assert_success(201);
    }
    let expected: HashMap<_, _> = things.iter().map(|thing| (thing.variant, 20)).collect();
    for device in [&here, &there] {
        let found: HashMap<_, _> = contents(&device.cart().await).into_iter().collect();
        assert_eq!(found, expected);
    }
    let versions = app.rows("SELECT version FROM cart.carts").await;
    assert_eq!(versions[0]["version"], 100, "each change is one version");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_holds_however_many_add_at_once() {
    let app = TestApp::start().await;
    let beside = app.start_beside().await;
    let lace = app.world.catalogue.sell();
    let here = app.person();
    let there = beside.person_with(here.id);
    let adds = (0..30).map(|number| if number % 2 == 0 { &here } else { &there }.add(lace, 1));
    let replies = join_all(adds).await;
    let added = replies.iter().filter(|reply| reply.status == 201).count();
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        reply.assert_error(400, "VALIDATION_ERROR");
    }
    assert_eq!(added, 10);
    assert_eq!(contents(&here.cart().await), [(lace.variant, 10)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_people_share_commits_and_each_gets_their_own_cart() {
    let app = TestApp::start().await;
    let things: Vec<_> = (0..10).map(|_| app.world.catalogue.sell()).collect();
    let people: Vec<_> = (0..200).map(|_| app.person()).collect();
    let adds = people
        .iter()
        .enumerate()
        .map(|(number, person)| person.add(things[number % 10], quantity(number)));
    for (number, reply) in join_all(adds).await.iter().enumerate() {
        let cart = &reply.assert_success(201)["cart"];
        let expected = (things[number % 10].variant, quantity(number));
        assert_eq!(contents(cart), [expected]);
    }
    let (_, metrics) = app.ops("/metrics").await;
    let value = |name: &str| -> f64 {
        let line = metrics
            .lines()
            .find(|line| line.starts_with(name) && line.contains("done"));
        line.unwrap().rsplit(' ').next().unwrap().parse().unwrap()
    };
    let (changes, batches) = (value("cart_changes_total"), value("cart_batches_total"));
    assert!(
        changes >= 200.0 && batches < changes / 2.0,
        "{batches} commits of {changes} changes"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_out_and_putting_in_at_once_ends_in_one_of_the_two() {
    let app = TestApp::start().await;
    let lace = app.world.catalogue.sell();
    for _ in 0..10 {
        let ada = app.person();
        let line = Shopper::line(&ada.add(lace, 3).await, 0);
        let (removed, added, cleared, set) = tokio::join!(
            ada.remove(&line),
            ada.add(lace, 2),
            ada.ask(Method::DELETE, "/cart").reply(),
            ada.set(&line, 5),
        );
        assert!([200, 404].contains(&removed.status), "{}", removed.body);
        added.assert_success(201);
        cleared.assert_success(200);
        assert!([200, 404].contains(&set.status), "{}", set.body);
        let cart = ada.cart().await;
        let total: i64 = contents(&cart).iter().map(|(_, quantity)| quantity).sum();
        assert!([0, 2, 5].contains(&total), "{cart}");
    }
}

fn quantity(number: usize) -> i64 {
    1 + i64::try_from(number % 7).unwrap()
}
