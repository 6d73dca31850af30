//! The whole way through a real broker: from a payment to what others hear, from an order's event to what becomes of it, and again
//! for a queue that was gone.

use std::time::{Duration, Instant};

use ::events::orders::{OrderPaid, OrderRefundRequested, UnwantedCapture};
use ::events::{Envelope, Event};
use common::clock::SystemClock;
use common::{Clock as _, ids};
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

use crate::app::TestApp;
use crate::shop::order_paid;

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

/// Says something as the relay of orders does, twice, as the broker delivers at least once.
async fn say<E: Event>(channel: &Channel, prefix: &str, event: &E) {
    let meta = EventMeta {
        id: ids::new_id(),
        service: "orders",
        time: SystemClock.now(),
        aggregate_version: 1,
        traceparent: None,
    };
    let body = serde_json::to_vec(&Envelope::wrap(event, &meta)).unwrap();
    let exchange = format!("{prefix}agape.events");
    for _ in 0..2 {
        let properties = BasicProperties::default().with_message_id(meta.id.to_string().into());
        let published = channel.basic_publish(
            exchange.as_str().into(),
            E::TYPE.into(),
            BasicPublishOptions::default(),
            &body,
            properties,
        );
        published.await.unwrap().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_heard_of_kept_and_another_goes_back() {
    let broker = TestBroker::shared();
    let app = start(&broker).await;
    let prefix = broker.prefix();
    for function in ["order_paid", "order_refund_requested"] {
        until_declared(&broker, &format!("{prefix}payments.on_{function}")).await;
    }
    let channel = channel(&broker).await;
    let mut succeeded = listen(&channel, prefix, "", Some("payment.succeeded")).await;
    let mut refunds = listen(&channel, prefix, "", Some("refund.processed")).await;
    let (kept, other) = (app.paid().await, app.paid().await);
    for paid in [&kept, &other] {
        let said = next(&mut succeeded).await;
        assert_eq!(said["data"]["paymentId"], json!(paid.id));
        assert_eq!(said["data"]["amount"], 1500.0);
    }
    let event: OrderPaid = order_paid(kept.order, Some(kept.id));
    say(&channel, prefix, &event).await;
    let event = OrderRefundRequested {
        order_id: other.order.id,
        payment_id: other.id,
        reason: UnwantedCapture::Cancelled,
    };
    say(&channel, prefix, &event).await;
    let sql = format!(
        "SELECT id FROM payments.payments WHERE id = '{}' AND kept",
        kept.id
    );
    app.until("it is kept", &sql).await;
    app.until_refunds(other.id, "processing", 1).await;
    app.world.paystack.finish_refunds();
    app.until_status(other.id, "refunded").await;
    let said = next(&mut refunds).await;
    assert_eq!(said["data"]["paymentId"], json!(other.id));
    let letters = app.rows("SELECT * FROM payments.dead_letters").await;
    assert!(letters.is_empty(), "{letters:?}");
    app.assert_sound().await;
}

/// Waits until the relay has carried what was promised; only that is replayed.
async fn until_published(app: &TestApp, event_type: &str) {
    let sql = format!(
        "SELECT id FROM payments.outbox WHERE event_type = '{event_type}' AND published_at IS NOT NULL"
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
    app.world.clock.set(SystemClock.now());
    let request = app.request(Method::POST, "/internal/events/replay");
    let request = request.bearer_auth(service::service_token(caller, "payments"));
    request.json(&body).reply().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_is_said_again_to_the_queue_that_asks() {
    let broker = TestBroker::shared();
    let app = start(&broker).await;
    let (prefix, queue) = (broker.prefix(), "orders.on_payment_succeeded");
    let channel = channel(&broker).await;
    let paid = app.paid().await;
    until_published(&app, "payment.succeeded").await;
    // Nobody has the queue yet.
    let types = ["payment.succeeded"];
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
    assert_eq!(said["data"]["paymentId"], json!(paid.id));
    let strange = replay(&app, "auth", queue, &types).await;
    strange.assert_error(403, "AUTHORIZATION_ERROR");
}
