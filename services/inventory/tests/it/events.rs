use std::time::Duration;

use ::events::auth::EraseRequested;
use ::events::catalog::{VariantCreated, VariantDeleted, VariantUpdated};
use ::events::orders::{OrderCancelled, OrderedLine, RestockRequested};
use common::ids;
use inventory::consumers::on_order_cancelled::on_order_cancelled;
use inventory::consumers::on_order_restock_requested::on_order_restock_requested;
use inventory::consumers::on_privacy_erase_requested::on_privacy_erase_requested;
use inventory::consumers::on_variant_created::on_variant_created;
use inventory::consumers::on_variant_deleted::on_variant_deleted;
use inventory::consumers::on_variant_updated::on_variant_updated;
use messaging::{ConsumeError, Outcome};
use money::{Amount, Currency};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::{self, Ask as _};
use uuid::Uuid;

use crate::app::TestApp;

fn created(variant_id: Uuid, initial_stock: i64) -> VariantCreated {
    VariantCreated {
        variant_id,
        product_id: ids::new_id(),
        sku: "LACE-1".to_owned(),
        price: Amount::try_from_minor(150_000).unwrap(),
        currency: Currency::Ngn,
        is_active: true,
        initial_stock,
    }
}

fn updated(variant_id: Uuid, sku: &str) -> VariantUpdated {
    VariantUpdated {
        variant_id,
        product_id: ids::new_id(),
        sku: sku.to_owned(),
        price: Amount::try_from_minor(150_000).unwrap(),
        currency: Currency::Ngn,
        is_active: true,
    }
}

async fn sku(app: &TestApp, variant: Uuid) -> Value {
    let sql =
        format!("SELECT sku, is_active FROM inventory.stock_items WHERE variant_id = '{variant}'");
    app.rows(&sql).await.pop().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_variant_is_stocked_once() {
    let app = TestApp::start().await;
    let (variant, id) = (ids::new_id(), ids::new_id());
    let first = app
        .hear(created(variant, 7), 1, id, on_variant_created)
        .await;
    assert_eq!(first.unwrap(), Outcome::Applied);
    let again = app
        .hear(created(variant, 7), 1, id, on_variant_created)
        .await;
    assert_eq!(again.unwrap(), Outcome::Duplicate);
    let other = app
        .hear(created(variant, 7), 1, ids::new_id(), on_variant_created)
        .await;
    assert_eq!(other.unwrap(), Outcome::Stale);
    assert_eq!(app.stock_of(variant).await, (7, 0));
    let nonsense = app
        .hear(
            created(ids::new_id(), -1),
            1,
            ids::new_id(),
            on_variant_created,
        )
        .await;
    assert!(
        matches!(nonsense, Err(ConsumeError::Hopeless(_))),
        "{nonsense:?}"
    );
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variant_follows_the_catalogue_and_never_goes_back() {
    let app = TestApp::start().await;
    let variant = ids::new_id();
    let early = app
        .hear(
            updated(variant, "LACE-2"),
            2,
            ids::new_id(),
            on_variant_updated,
        )
        .await;
    assert!(
        matches!(early, Err(ConsumeError::Transient(_))),
        "{early:?}"
    );
    app.hear(created(variant, 7), 1, ids::new_id(), on_variant_created)
        .await
        .unwrap();
    let newer = app
        .hear(
            updated(variant, "LACE-3"),
            3,
            ids::new_id(),
            on_variant_updated,
        )
        .await;
    assert_eq!(newer.unwrap(), Outcome::Applied);
    let older = app
        .hear(
            updated(variant, "LACE-2"),
            2,
            ids::new_id(),
            on_variant_updated,
        )
        .await;
    assert_eq!(older.unwrap(), Outcome::Stale);
    assert_eq!(sku(&app, variant).await["sku"], "LACE-3");

    let order = ids::new_id();
    app.reserve(order, ids::new_id(), &[(variant, 1)])
        .await
        .assert_success(201);
    let deleted = VariantDeleted {
        variant_id: variant,
        product_id: ids::new_id(),
    };
    app.hear(deleted, 4, ids::new_id(), on_variant_deleted)
        .await
        .unwrap();
    assert_eq!(sku(&app, variant).await["is_active"], false);
    let refused = app
        .reserve(ids::new_id(), ids::new_id(), &[(variant, 1)])
        .await;
    refused.assert_error(409, "INSUFFICIENT_STOCK");
    // What was held before is still sold.
    let sold = app.command(order, "commit").await;
    assert_eq!(sold.assert_success(200)["outcome"], "committed");
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_gives_back_what_it_held_and_a_sold_one_stays_sold() {
    let app = TestApp::start().await;
    let (variant, held, sold) = (app.stocked(5).await, ids::new_id(), ids::new_id());
    for order in [held, sold] {
        app.reserve(order, ids::new_id(), &[(variant, 2)])
            .await
            .assert_success(201);
    }
    app.command(sold, "commit").await.assert_success(200);
    let cancelled = |order_id| OrderCancelled {
        order_id,
        user_id: ids::new_id(),
    };
    let (id, other) = (ids::new_id(), ids::new_id());
    let first = app.hear(cancelled(held), 1, id, on_order_cancelled).await;
    assert_eq!(first.unwrap(), Outcome::Applied);
    let again = app.hear(cancelled(held), 1, id, on_order_cancelled).await;
    assert_eq!(again.unwrap(), Outcome::Duplicate);
    app.hear(cancelled(sold), 1, other, on_order_cancelled)
        .await
        .unwrap();
    assert_eq!(app.reservation(sold).await["state"], "committed");
    assert_eq!(app.stock_of(variant).await, (3, 0));
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_come_back_once_for_each_refund_and_never_more_than_were_sold() {
    let app = TestApp::start().await;
    let (variant, order) = (app.stocked(5).await, ids::new_id());
    let restock = |refund_id, quantity| RestockRequested {
        order_id: order,
        refund_id,
        lines: vec![OrderedLine {
            variant_id: variant,
            quantity,
        }],
    };
    app.reserve(order, ids::new_id(), &[(variant, 3)])
        .await
        .assert_success(201);
    let early = app
        .hear(
            restock(ids::new_id(), 1),
            1,
            ids::new_id(),
            on_order_restock_requested,
        )
        .await;
    assert!(
        matches!(early, Err(ConsumeError::Transient(_))),
        "{early:?}"
    );
    app.command(order, "commit").await.assert_success(200);
    let refund = ids::new_id();
    let mut outcomes = Vec::new();
    for (refund, quantity) in [
        (refund, 1),
        (refund, 1),
        (ids::new_id(), 5),
        (ids::new_id(), 1),
    ] {
        let heard = app
            .hear(
                restock(refund, quantity),
                1,
                ids::new_id(),
                on_order_restock_requested,
            )
            .await;
        outcomes.push(heard.unwrap());
    }
    assert_eq!(
        outcomes,
        [
            Outcome::Applied,
            Outcome::Stale,
            Outcome::Applied,
            Outcome::Stale
        ]
    );
    assert_eq!(app.stock_of(variant).await, (5, 0));
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_told_what_is_known_and_then_forgotten() {
    let app = TestApp::start().await;
    let (variant, order, user, asked) = (
        app.stocked(5).await,
        ids::new_id(),
        ids::new_id(),
        ids::new_id(),
    );
    app.reserve(order, user, &[(variant, 2)])
        .await
        .assert_success(201);
    let known = async || {
        let request = app.request(Method::GET, &format!("/internal/privacy/{user}"));
        let request = request.bearer_auth(service::service_token("auth", "inventory"));
        request.reply().await.assert_success(200)["reservations"].clone()
    };
    assert_eq!(known().await[0]["lines"][0]["quantity"], 2);
    let erase = EraseRequested {
        request_id: asked,
        user_id: user,
    };
    app.hear(erase, 1, ids::new_id(), on_privacy_erase_requested)
        .await
        .unwrap();
    assert_eq!(known().await, json!([]));
    let said = app.promised("privacy.erased").await;
    assert_eq!(said[0]["data"]["requestId"], json!(asked));
    assert_eq!(app.stock_of(variant).await, (5, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_told_seldom_and_the_last_one_always() {
    let app = TestApp::start().await;
    let began = std::time::Instant::now();
    let variant = app.stocked(100).await;
    for _ in 0..40 {
        app.reserve(ids::new_id(), ids::new_id(), &[(variant, 1)])
            .await
            .assert_success(201);
    }
    let sql = format!(
        "SELECT version FROM inventory.stock_items WHERE variant_id = '{variant}' AND NOT is_unsaid"
    );
    for _ in 0..200 {
        if !app.rows(&sql).await.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let mut said = app.promised("stock.changed").await;
    said.sort_by_key(|event| event["aggregateversion"].as_i64());
    let last = said.last().unwrap();
    assert_eq!(last["data"]["available"], 60);
    assert_eq!(last["aggregateversion"], app.rows(&sql).await[0]["version"]);
    // One at the beginning, and one for each tenth of a second since.
    let most = began.elapsed().as_millis() / 100 + 1;
    assert!(
        u128::try_from(said.len()).unwrap() <= most,
        "{} in {:?}",
        said.len(),
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn running_low_is_said_when_it_happens_and_not_again() {
    let app = TestApp::start().await;
    let variant = app.stocked(8).await;
    for _ in 0..4 {
        app.reserve(ids::new_id(), ids::new_id(), &[(variant, 1)])
            .await
            .assert_success(201);
    }
    let said = app.promised("stock.low").await;
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["data"]["available"], 5);
    assert_eq!(said[0]["data"]["threshold"], 5);
}
