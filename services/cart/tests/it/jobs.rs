//! What happens to carts by itself.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{Options, TestApp, World, contents};

/// Another process, whose timers begin at once.
async fn start_again(world: Arc<World>) -> TestApp {
    TestApp::start_with(Options {
        world: Some(world),
        ..Options::default()
    })
    .await
}

async fn until_said(app: &TestApp, count: usize) -> Vec<Value> {
    for _ in 0..400 {
        let said = app.promised("cart.abandoned").await;
        if said.len() >= count {
            return said;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it was not said");
}

#[tokio::test]
async fn a_cart_that_is_left_is_said_to_be_abandoned_once_each_time() {
    let app = TestApp::start().await;
    let (lace, silk) = (app.world.catalogue.sell(), app.world.catalogue.sell());
    let ada = app.person();
    ada.add(lace, 2).await.assert_success(201);
    ada.add(silk, 1).await.assert_success(201);
    let (emptied, recent) = (app.person(), app.person());
    let line = crate::app::Shopper::line(&emptied.add(lace, 1).await, 0);
    emptied.remove(&line).await.assert_success(200);
    recent.add(lace, 1).await.assert_success(201);
    app.guest(None).add(lace, 1).await.assert_success(201);
    let id = ada.id;
    let leave = |world: Arc<World>, recent: uuid::Uuid| async move {
        let sql = format!(
            "UPDATE cart.carts SET updated_at = now() - interval '241 minutes' \
             WHERE user_id IS DISTINCT FROM '{recent}'"
        );
        world.execute(&sql).await;
    };
    let recent = recent.id;
    let world = app.stop();
    leave(Arc::clone(&world), recent).await;

    let app = start_again(world).await;
    let said = until_said(&app, 1).await;
    let cart = app.person_with(id).cart().await;
    assert_eq!(
        said[0]["data"],
        json!({
            "cartId": cart["id"], "userId": id, "itemCount": 3, "subtotal": 4500.0, "currency": "NGN",
            "updatedAt": said[0]["data"]["updatedAt"],
        })
    );
    assert_eq!(contents(&cart), [(lace.variant, 2), (silk.variant, 1)]);
    let app = start_again(app.stop()).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(
        app.promised("cart.abandoned").await.len(),
        1,
        "not said again"
    );

    // Its owner comes back, and leaves it again.
    app.person_with(id).add(lace, 1).await.assert_success(201);
    let world = app.stop();
    leave(Arc::clone(&world), recent).await;
    let app = start_again(world).await;
    let said = until_said(&app, 2).await;
    assert_eq!(said.len(), 2);
    assert_eq!(said[1]["data"]["itemCount"], 4);
    assert!(
        said[0]["aggregateversion"].as_i64() < said[1]["aggregateversion"].as_i64(),
        "{said:#?}"
    );
}

#[tokio::test]
async fn what_has_expired_is_removed_and_nothing_else() {
    let app = TestApp::start().await;
    let lace = app.world.catalogue.sell();
    let (gone, kept) = (app.person(), app.person());
    gone.add(lace, 1).await.assert_success(201);
    kept.add(lace, 1).await.assert_success(201);
    app.guest(None).add(lace, 1).await.assert_success(201);
    let keep = kept.id;
    let world = app.stop();
    let sql = format!(
        "UPDATE cart.carts SET expires_at = now() - interval '1 second' WHERE user_id IS DISTINCT FROM '{keep}'"
    );
    assert_eq!(world.execute(&sql).await, 2);
    let app = start_again(world).await;
    for _ in 0..400 {
        let left = app.rows("SELECT user_id FROM cart.carts").await;
        if left.len() == 1 {
            assert_eq!(left[0]["user_id"], json!(keep));
            let lines = app.rows("SELECT id FROM cart.cart_items").await;
            assert_eq!(lines.len(), 1, "lines go with their cart");
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it was not removed");
}
