//! The whole way through a real broker: from an order's event to stock, from stock to what others hear, and again for a queue
//! that was gone.

use std::time::{Duration, Instant};

use common::clock::SystemClock;
use common::{Clock as _, ids};
use events::orders::OrderCancelled;
use events::{Envelope, Event as _};
use futures_util::StreamExt as _;
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, Consumer};
use messaging::EventMeta;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::TestBroker;
use test_support::service::{self, Ask as _, Reply};
use uuid::Uuid;

use crate::app::TestApp;

async fn channel(broker: &TestBroker) -> Channel {
    let connection = Connection::connect(broker.url(), ConnectionProperties::default());
    connection.await.unwrap().create_channel().await.unwrap()
}

async fn start(broker: &TestBroker) -> TestApp {
    TestApp::start_with(&[
        ("AMQP__URL", broker.url()),
        ("AMQP__PREFIX", broker.prefix()),
    ])
    .await
}

async fn until_declared(broker: &TestBroker, queue: &str) {
    for _ in 0..400 {
        let options = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        };
        // A passive declaration of a queue that is not there ends its channel.
        let channel = channel(broker).await;
        let declared = channel.queue_declare(queue.into(), options, FieldTable::default());
        if declared.await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{queue} was not declared");
}

/// Hears in a queue of this name whatever is said under a routing key, or only what is sent to the queue itself.
async fn listen(channel: &Channel, prefix: &str, queue: &str, key: Option<&str>) -> Consumer {
    let (options, table) = (QueueDeclareOptions::exclusive(), FieldTable::default());
    let declared = channel.queue_declare(queue.into(), options, table);
    let queue = declared.await.unwrap().name().clone();
    if let Some(key) = key {
        let exchange = format!("{prefix}agape.events");
        let bound = channel.queue_bind(
            queue.clone(),
            exchange.as_str().into(),
            key.into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        );
        bound.await.unwrap();
    }
    let options = BasicConsumeOptions {
        no_ack: true,
        ..BasicConsumeOptions::default()
    };
    let consuming = channel.basic_consume(queue, "".into(), options, FieldTable::default());
    consuming.await.unwrap()
}

async fn next(consumer: &mut Consumer) -> Value {
    let next = tokio::time::timeout(Duration::from_secs(20), consumer.next());
    let delivery = next.await.unwrap().unwrap().unwrap();
    serde_json::from_slice(&delivery.data).unwrap()
}

/// The event that says that so many can be bought; those before it are older news.
async fn until_available(consumer: &mut Consumer, variant: Uuid, available: i64) -> Value {
    let expected = json!({ "variantId": variant, "available": available });
    loop {
        let said = next(consumer).await;
        if said["data"] == expected {
            return said;
        }
    }
}

/// Says that an order was cancelled, as the relay of orders does.
async fn say_cancelled(channel: &Channel, prefix: &str, event: &OrderCancelled, meta: &EventMeta) {
    let body = serde_json::to_vec(&Envelope::wrap(event, meta)).unwrap();
    let exchange = format!("{prefix}agape.events");
    let properties = BasicProperties::default().with_message_id(meta.id.to_string().into());
    let published = channel.basic_publish(
        exchange.as_str().into(),
        OrderCancelled::TYPE.into(),
        BasicPublishOptions::default(),
        &body,
        properties,
    );
    published.await.unwrap().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_gives_back_its_stock_and_everybody_hears_of_it() {
    let broker = TestBroker::shared();
    let app = start(&broker).await;
    let prefix = broker.prefix();
    until_declared(&broker, &format!("{prefix}inventory.on_order_cancelled")).await;
    let channel = channel(&broker).await;
    let mut changes = listen(&channel, prefix, "", Some("stock.changed")).await;
    let (variant, order, user) = (app.stocked(5).await, ids::new_id(), ids::new_id());
    app.reserve(order, user, &[(variant, 2)])
        .await
        .assert_success(201);
    let said = until_available(&mut changes, variant, 3).await;
    let event = OrderCancelled {
        order_id: order,
        user_id: user,
    };
    let meta = EventMeta {
        id: ids::new_id(),
        service: "orders",
        time: SystemClock.now(),
        aggregate_version: 1,
        traceparent: None,
    };
    // The broker delivers at least once.
    for _ in 0..2 {
        say_cancelled(&channel, prefix, &event, &meta).await;
    }
    let again = until_available(&mut changes, variant, 5).await;
    let version = |event: &Value| event["aggregateversion"].as_i64().unwrap();
    assert!(version(&again) > version(&said));
    assert_eq!(app.reservation(order).await["state"], "released");
    assert_eq!(app.stock_of(variant).await, (5, 0));
    let letters = app.rows("SELECT * FROM inventory.dead_letters").await;
    assert!(letters.is_empty(), "{letters:?}");
    app.assert_sound().await;
}

/// Waits until the relay has carried what was promised; only that is replayed.
async fn until_published(app: &TestApp, event_type: &str) {
    let sql = format!(
        "SELECT id FROM inventory.outbox WHERE event_type = '{event_type}' AND published_at IS NOT NULL"
    );
    let begun = Instant::now();
    while app.rows(&sql).await.is_empty() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{event_type} waits"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Asks as `caller` for what was said of a kind in the last hour, into its queue.
async fn replay(app: &TestApp, caller: &str, queue: &str, types: &[&str]) -> Reply {
    let since = SystemClock.now() - chrono::TimeDelta::hours(1);
    let body = json!({ "queue": queue, "types": types, "since": since });
    let request = app.request(Method::POST, "/internal/events/replay");
    let request = request.bearer_auth(service::service_token(caller, "inventory"));
    request.json(&body).reply().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_is_said_again_to_the_queue_that_asks() {
    let broker = TestBroker::shared();
    let app = start(&broker).await;
    let (prefix, queue) = (broker.prefix(), "orders.on_reservation_expired");
    let channel = channel(&broker).await;
    let (variant, order) = (app.stocked(5).await, ids::new_id());
    app.reserve_for(order, ids::new_id(), &[(variant, 1)], 1)
        .await
        .assert_success(201);
    app.until_state(order, "expired").await;
    until_published(&app, "reservation.expired").await;
    // Nobody has the queue yet.
    let types = ["reservation.expired"];
    let refused = replay(&app, "orders", queue, &types).await;
    refused.assert_error(503, "SERVICE_UNAVAILABLE");
    let named = format!("{prefix}{queue}");
    let mut heard = listen(&channel, prefix, &named, None).await;
    let reply = replay(&app, "orders", queue, &types).await;
    assert_eq!(
        reply.assert_success(200),
        &json!({ "published": 1, "next": null })
    );
    let said = next(&mut heard).await;
    assert_eq!(said["type"], "reservation.expired");
    assert_eq!(said["data"]["orderId"], json!(order));
    let promised = app.promised("reservation.expired").await;
    assert_eq!(said["id"], promised[0]["id"]);
    // Nobody asks for the queue of another.
    let strange = replay(&app, "auth", queue, &types).await;
    strange.assert_error(403, "AUTHORIZATION_ERROR");
    let nobody = app.request(Method::POST, "/internal/events/replay");
    let nobody = nobody.json(&json!({ "queue": queue, "types": types }));
    nobody
        .reply()
        .await
        .assert_error(401, "AUTHENTICATION_ERROR");
}
