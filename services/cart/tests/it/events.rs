//! What the service hears, and what comes of it.

use cart::consumers::{
    on_privacy_erase_requested::on_privacy_erase_requested, on_product_deleted::on_product_deleted,
    on_product_updated::on_product_updated, on_variant_deleted::on_variant_deleted,
};
use common::ids;
use events::auth::EraseRequested;
use events::catalog::{ProductDeleted, ProductUpdated, VariantDeleted};
use messaging::{ConsumeError, Outcome};
use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::Ask as _;

use crate::app::{TestApp, contents};
use crate::catalogue::{Mood, Thing};

#[tokio::test]
async fn what_was_ordered_is_taken_out_once() {
    let app = TestApp::start().await;
    let (ada, catalogue) = (app.person(), &app.world.catalogue);
    let (lace, silk, linen) = (catalogue.sell(), catalogue.sell(), catalogue.sell());
    for (thing, quantity) in [(lace, 5), (silk, 2), (linen, 1)] {
        ada.add(thing, quantity).await.assert_success(201);
    }
    let event = ids::new_id();
    let lines = [(lace.variant, 3), (silk.variant, 9), (ids::new_id(), 1)];
    let hear = || app.hear_order(event, ada.id, &lines);
    assert_eq!(hear().await.unwrap(), Outcome::Applied);
    let left = [(lace.variant, 2), (linen.variant, 1)];
    assert_eq!(contents(&ada.cart().await), left);
    // What is put in afterwards is not taken out by the same order again.
    ada.add(silk, 1).await.assert_success(201);
    assert_eq!(hear().await.unwrap(), Outcome::Duplicate);
    assert_eq!(ada.cart().await["itemCount"], 4);
    let nobody = app.hear_order(ids::new_id(), ids::new_id(), &lines).await;
    assert_eq!(nobody.unwrap(), Outcome::Applied);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_heard_many_times_while_its_buyer_goes_on_counts_once() {
    let app = TestApp::start().await;
    let ada = app.person();
    let lace = app.world.catalogue.sell();
    ada.add(lace, 6).await.assert_success(201);
    let event = ids::new_id();
    let lines = [(lace.variant, 4)];
    let heard = (0..6).map(|_| app.hear_order(event, ada.id, &lines));
    let (heard, added) = tokio::join!(futures_util::future::join_all(heard), ada.add(lace, 3));
    added.assert_success(201);
    let applied = heard
        .iter()
        .filter(|outcome| matches!(outcome, Ok(Outcome::Applied)));
    assert_eq!(applied.count(), 1);
    assert_eq!(contents(&ada.cart().await), [(lace.variant, 5)]);
}

async fn known(app: &TestApp, thing: Thing) -> Value {
    let sql = format!(
        "SELECT * FROM cart.known_variants WHERE variant_id = '{}'",
        thing.variant
    );
    app.rows(&sql).await.pop().unwrap()
}

async fn hear_update(app: &TestApp, thing: Thing) -> Result<Outcome, ConsumeError> {
    let body = ProductUpdated {
        product_id: thing.product,
        is_active: true,
        category_id: None,
    };
    let event = app.received("product_updated", body, ids::new_id());
    app.inside(on_product_updated(app.state(), event)).await
}

#[tokio::test]
async fn a_changed_product_is_known_for_when_the_catalogue_is_away() {
    let app = TestApp::start().await;
    let (ada, catalogue) = (app.person(), &app.world.catalogue);
    let lace = catalogue.sell();
    ada.add(lace, 1).await.assert_success(201);
    catalogue.change(lace, "title", json!("Imperial lace"));
    catalogue.change(lace, "price", json!(99.95));
    app.world.clock.advance(chrono::TimeDelta::seconds(1));
    assert_eq!(hear_update(&app, lace).await.unwrap(), Outcome::Applied);
    let row = known(&app, lace).await;
    assert_eq!(
        (&row["title"], &row["price"]),
        (&json!("Imperial lace"), &json!(99.95))
    );
    catalogue.feel(Mood::Down);
    app.forget_prices().await;
    let cart = ada.cart().await;
    assert_eq!(cart["items"][0]["unitPrice"], json!(99.95));
    assert_eq!(cart["items"][0]["title"], json!("Imperial lace"));
    // While the catalogue is away the event waits.
    let waiting = hear_update(&app, lace).await;
    assert!(
        matches!(waiting, Err(ConsumeError::Unavailable(_))),
        "{waiting:?}"
    );
    let stranger = Thing {
        product: ids::new_id(),
        variant: ids::new_id(),
    };
    assert_eq!(
        hear_update(&app, stranger).await.unwrap(),
        Outcome::Applied,
        "what was never in a cart is asked of nobody"
    );
}

#[tokio::test]
async fn what_is_deleted_cannot_be_bought_even_while_the_catalogue_is_away() {
    let app = TestApp::start().await;
    let (ada, catalogue) = (app.person(), &app.world.catalogue);
    let (lace, silk, linen) = (catalogue.sell(), catalogue.sell(), catalogue.sell());
    for thing in [lace, silk, linen] {
        ada.add(thing, 1).await.assert_success(201);
    }
    app.world.clock.advance(chrono::TimeDelta::seconds(1));
    let (id, body) = (
        ids::new_id(),
        ProductDeleted {
            product_id: lace.product,
        },
    );
    for expected in [Outcome::Applied, Outcome::Duplicate] {
        let event = app.received("product_deleted", body.clone(), id);
        let heard = app.inside(on_product_deleted(app.state(), event)).await;
        assert_eq!(heard.unwrap(), expected);
    }
    let body = VariantDeleted {
        variant_id: silk.variant,
        product_id: silk.product,
    };
    let event = app.received("variant_deleted", body, ids::new_id());
    let heard = app.inside(on_variant_deleted(app.state(), event)).await;
    assert_eq!(heard.unwrap(), Outcome::Applied);
    catalogue.feel(Mood::Down);
    app.forget_prices().await;
    let cart = ada.cart().await;
    let available: Vec<&Value> = cart["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["available"])
        .collect();
    assert_eq!(available, [&json!(0), &json!(0), &json!(50)]);
    assert_eq!(
        cart["items"][0]["title"],
        json!("Royal lace"),
        "it still has a name"
    );
}

#[tokio::test]
async fn who_is_forgotten_leaves_nothing_behind() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.person(), app.person());
    let lace = app.world.catalogue.sell();
    let body = json!({ "productId": lace.product, "variantId": lace.variant, "quantity": 1 });
    for person in [&ada, &eve] {
        let keyed = person.ask(Method::POST, "/cart/items").json(&body);
        let keyed = keyed.header("Idempotency-Key", "k").reply().await;
        keyed.assert_success(201);
    }
    let (request_id, id) = (ids::new_id(), ids::new_id());
    for expected in [Outcome::Applied, Outcome::Duplicate] {
        let body = EraseRequested {
            request_id,
            user_id: ada.id,
        };
        let event = app.received("privacy_erase_requested", body, id);
        let heard = app
            .inside(on_privacy_erase_requested(app.state(), event))
            .await;
        assert_eq!(heard.unwrap(), expected);
    }
    assert_eq!(ada.cart().await["items"], json!([]));
    assert_eq!(contents(&eve.cart().await), [(lace.variant, 1)]);
    for table in ["carts", "cart_items", "idempotency_keys"] {
        let rows = app.rows(&format!("SELECT * FROM cart.{table}")).await;
        assert_eq!(rows.len(), 1, "{table}");
        let text = serde_json::to_string(&rows).unwrap();
        assert!(!text.contains(&ada.id.to_string()), "{table}");
    }
    let confirmed = app.promised("privacy.erased").await;
    assert_eq!(confirmed.len(), 1);
    assert_eq!(
        confirmed[0]["data"],
        json!({ "requestId": request_id, "userId": ada.id, "service": "cart" })
    );
}
