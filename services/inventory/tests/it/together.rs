//! Commands that wait together are decided together.

use std::sync::Arc;
use std::time::Duration;

use common::ids;
use uuid::Uuid;

use crate::app::TestApp;

/// Batches that a lane has decided.
async fn batches(app: &TestApp, lane: &str) -> u64 {
    let name = format!(
        "inventory_reserve_duration_seconds_count{{lane=\"{lane}\",service=\"inventory\"}}"
    );
    app.counted(&name).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_of_one_variant_that_wait_together_take_one_transaction() {
    let app = Arc::new(TestApp::start().await);
    let variant = app.stocked(100).await;
    let mut orders = Vec::new();
    for _ in 0..40 {
        let order = ids::new_id();
        app.reserve(order, ids::new_id(), &[(variant, 1)])
            .await
            .assert_success(201);
        orders.push(order);
    }
    let (mut client, connection) =
        tokio_postgres::connect(&app.world.db.url(), tokio_postgres::NoTls)
            .await
            .unwrap();
    tokio::spawn(connection);
    let holding = client.transaction().await.unwrap();
    let sql =
        format!("SELECT FROM inventory.stock_items WHERE variant_id = '{variant}' FOR UPDATE");
    holding.batch_execute(&sql).await.unwrap();
    let asking: Vec<_> = orders
        .iter()
        .enumerate()
        .map(|(number, order)| {
            let (app, order) = (Arc::clone(&app), *order);
            let command = if number % 4 == 0 { "release" } else { "commit" };
            tokio::spawn(async move { app.command(order, command).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    holding.commit().await.unwrap();
    for reply in asking {
        reply.await.unwrap().assert_success(200);
    }
    assert_eq!(app.stock_of(variant).await, (70, 0));
    // The first that met the lock waited for it; all others waited for the first.
    assert!(batches(&app, "slow").await <= 3);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_at_once_on_one_variant_loses_and_doubles_nothing() {
    let app = Arc::new(TestApp::start().await);
    let variant = app.stocked(60).await;
    let buying: Vec<_> = (0..120)
        .map(|number| {
            let app = Arc::clone(&app);
            tokio::spawn(async move { buy(&app, variant, number).await })
        })
        .collect();
    let mut sold = 0;
    for buyer in buying {
        sold += buyer.await.unwrap();
    }
    assert_eq!(app.stock_of(variant).await, (60 - sold, 0));
    app.assert_sound().await;
}

/// Reserves one, then sells it twice at once, or sells it and gives it back at once.
async fn buy(app: &TestApp, variant: Uuid, number: usize) -> i64 {
    let order = ids::new_id();
    let reply = app.reserve(order, ids::new_id(), &[(variant, 1)]).await;
    if reply.status != 201 {
        reply.assert_error(409, "INSUFFICIENT_STOCK");
        return 0;
    }
    let other = if number.is_multiple_of(2) {
        "commit"
    } else {
        "release"
    };
    let (sold, second) = tokio::join!(app.command(order, "commit"), app.command(order, other));
    let is_sold = sold.assert_success(200)["outcome"] == "committed";
    match other {
        "commit" => assert_eq!(second.assert_success(200)["outcome"], "committed"),
        _ => assert_eq!(is_sold, second.status == 409, "{}", second.body),
    }
    i64::from(is_sold)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_the_database_refuses_spoils_no_other() {
    let app = Arc::new(TestApp::start().await);
    let (variant, bad) = (app.stocked(100).await, ids::new_id());
    app.execute(&format!(
        "CREATE FUNCTION inventory.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'not this one'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON inventory.reservations FOR EACH ROW
         WHEN (NEW.order_id = '{bad}') EXECUTE FUNCTION inventory.refuse()"
    ))
    .await;
    let asking: Vec<_> = (0..30)
        .map(|number| {
            let app = Arc::clone(&app);
            let order = if number == 10 { bad } else { ids::new_id() };
            tokio::spawn(async move {
                let reply = app.reserve(order, ids::new_id(), &[(variant, 1)]).await;
                (order, reply)
            })
        })
        .collect();
    for asked in asking {
        let (order, reply) = asked.await.unwrap();
        if order == bad {
            reply.assert_error(500, "INTERNAL_ERROR");
        } else {
            reply.assert_success(201);
        }
    }
    assert_eq!(app.stock_of(variant).await, (100, 29));
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_do_not_fit_into_one_transaction_are_decided_in_the_next() {
    let app = Arc::new(TestApp::start().await);
    app.execute(
        "WITH added AS (
             INSERT INTO inventory.stock_items (variant_id, product_id, sku, on_hand, low_stock_threshold)
             SELECT gen_random_uuid(), gen_random_uuid(), 'MANY-' || n, 9, 5 FROM generate_series(1, 2500) n
             RETURNING variant_id
         ) INSERT INTO inventory.movements (variant_id, kind, delta) SELECT variant_id, 'initial', 9 FROM added",
    )
    .await;
    let rows = app
        .rows("SELECT variant_id FROM inventory.stock_items")
        .await;
    let variants: Vec<Uuid> = rows
        .iter()
        .map(|row| row["variant_id"].as_str().unwrap().parse().unwrap())
        .collect();
    let asking: Vec<_> = variants
        .chunks(100)
        .map(|chunk| {
            let app = Arc::clone(&app);
            let lines: Vec<_> = chunk.iter().map(|variant| (*variant, 1)).collect();
            tokio::spawn(async move {
                let order = ids::new_id();
                let user = ids::new_id();
                app.reserve(order, user, &lines).await.assert_success(201);
                order
            })
        })
        .collect();
    let mut orders = Vec::new();
    for order in asking {
        orders.push(order.await.unwrap());
    }
    let sales = orders.into_iter().map(|order| {
        let app = Arc::clone(&app);
        tokio::spawn(async move { app.command(order, "commit").await })
    });
    for sale in sales.collect::<Vec<_>>() {
        let sold = sale.await.unwrap();
        assert_eq!(sold.assert_success(200)["outcome"], "committed");
    }
    app.assert_sound().await;
}
