//! The whole way: from a message in the broker to a cart.

use std::time::Duration;

use common::clock::SystemClock;
use common::{Clock as _, ids};
use events::orders::{OrderCreated, OrderedLine};
use events::{Envelope, Event as _};
use lapin::options::{BasicPublishOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use messaging::EventMeta;
use money::{Amount, Currency};
use test_support::TestBroker;

use crate::app::{Options, TestApp, contents};

/// Everything that the subscription table gives to the cart.
const QUEUES: [&str; 8] = [
    "on_order_created",
    "on_product_created",
    "on_product_updated",
    "on_product_deleted",
    "on_variant_created",
    "on_variant_updated",
    "on_variant_deleted",
    "on_privacy_erase_requested",
];

async fn channel(broker: &TestBroker) -> Channel {
    let connection = Connection::connect(broker.url(), ConnectionProperties::default());
    connection.await.unwrap().create_channel().await.unwrap()
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

#[tokio::test]
async fn an_order_that_is_published_twice_is_taken_out_of_the_cart_once() {
    let broker = TestBroker::shared();
    let app = TestApp::start_with(Options::with(&[
        ("CART__AMQP__URL", broker.url()),
        ("CART__AMQP__PREFIX", broker.prefix()),
    ]))
    .await;
    let prefix = broker.prefix();
    for queue in QUEUES {
        until_declared(&broker, &format!("{prefix}cart.{queue}")).await;
    }
    let ada = app.person();
    let lace = app.world.catalogue.sell();
    ada.add(lace, 5).await.assert_success(201);
    let event = OrderCreated {
        order_id: ids::new_id(),
        user_id: ada.id,
        lines: vec![OrderedLine {
            variant_id: lace.variant,
            quantity: 2,
        }],
        total: Amount::try_from_minor(300_000).unwrap(),
        currency: Currency::Ngn,
    };
    let meta = EventMeta {
        id: ids::new_id(),
        service: "orders",
        time: SystemClock.now(),
        aggregate_version: 1,
        traceparent: None,
    };
    let body = serde_json::to_vec(&Envelope::wrap(&event, &meta)).unwrap();
    let channel = channel(&broker).await;
    let exchange = format!("{prefix}agape.events");
    for _ in 0..2 {
        let properties = BasicProperties::default().with_message_id(meta.id.to_string().into());
        let published = channel.basic_publish(
            exchange.as_str().into(),
            OrderCreated::TYPE.into(),
            BasicPublishOptions::default(),
            &body,
            properties,
        );
        published.await.unwrap().await.unwrap();
    }
    for _ in 0..400 {
        if contents(&ada.cart().await) == [(lace.variant, 3)] {
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert_eq!(contents(&ada.cart().await), [(lace.variant, 3)]);
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the order was not heard");
}
