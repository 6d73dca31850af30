//! The whole way: from a message in the broker to a mail, and to what is said about it.

use std::time::Duration;

use common::clock::SystemClock;
use common::{Clock as _, ids};
use events::auth::{MailKind, MailRequested};
use events::orders::{OrderCancelled, OrderDelivered, OrderExpired};
use events::{Envelope, Event};
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions,
    QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use messaging::EventMeta;
use serde_json::Value;
use test_support::TestBroker;

use crate::app::{Options, TestApp, Wanted};
use crate::auth::MailAnswer;
use crate::sale::{self, MERCHANT};

async fn channel(broker: &TestBroker) -> Channel {
    let connection = Connection::connect(broker.url(), ConnectionProperties::default());
    let channel = connection.await.unwrap().create_channel().await.unwrap();
    let confirming = channel.confirm_select(ConfirmSelectOptions::default());
    confirming.await.unwrap();
    channel
}

async fn start(broker: &TestBroker) -> TestApp {
    TestApp::start_with(Options::with(&[
        ("NOTIFICATIONS__AMQP__URL", broker.url()),
        ("NOTIFICATIONS__AMQP__PREFIX", broker.prefix()),
    ]))
    .await
}

async fn say(channel: &Channel, prefix: &str, wanted: &Wanted) {
    let event = MailRequested {
        mail_id: wanted.mail_id,
        user_id: wanted.user_id,
        kind: wanted.kind,
    };
    say_event(channel, prefix, &event).await;
}

/// Says an event as its service's relay does, into the exchange that everything goes through: once more when nobody
/// takes it, as a queue is declared a moment before it is bound.
async fn say_event<E: Event>(channel: &Channel, prefix: &str, event: &E) {
    let meta = EventMeta {
        id: ids::new_id(),
        service: "auth",
        time: SystemClock.now(),
        aggregate_version: 1,
        traceparent: None,
    };
    let body = serde_json::to_vec(&Envelope::wrap(event, &meta)).unwrap();
    let exchange = format!("{prefix}agape.events");
    let properties = BasicProperties::default().with_message_id(meta.id.to_string().into());
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    for _ in 0..400 {
        let published = channel.basic_publish(
            exchange.as_str().into(),
            E::TYPE.into(),
            options,
            &body,
            properties.clone(),
        );
        let confirmed = published.await.unwrap().await.unwrap();
        assert!(confirmed.is_ack());
        if confirmed.take_message().is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nobody takes {}", E::TYPE);
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
async fn what_auth_says_in_the_broker_becomes_a_mail_and_is_said_to_be_sent() {
    let broker = TestBroker::shared();
    let app = start(&broker).await;
    let prefix = broker.prefix();
    until_declared(
        &broker,
        &format!("{prefix}notifications.on_auth_mail_requested"),
    )
    .await;
    let channel = channel(&broker).await;
    let exchange = format!("{prefix}agape.events");
    let options = QueueDeclareOptions::exclusive();
    let heard = channel
        .queue_declare("".into(), options, FieldTable::default())
        .await
        .unwrap();
    let heard = heard.name().clone();
    channel
        .queue_bind(
            heard.clone(),
            exchange.as_str().into(),
            "notification.sent".into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await
        .unwrap();

    let wanted = app.expect(MailKind::PasswordReset, |_| {});
    // The broker delivers at least once, under the same id or, after a replay, under another.
    say(&channel, prefix, &wanted).await;
    say(&channel, prefix, &wanted).await;
    let mut deliveries = channel
        .basic_consume(
            heard,
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await
        .unwrap();
    let next = futures_util::StreamExt::next(&mut deliveries);
    let delivery = tokio::time::timeout(Duration::from_secs(20), next)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let said: Value = serde_json::from_slice(&delivery.data).unwrap();
    let row = app.until_status(&wanted, "sent").await;
    assert_eq!(said["type"], "notification.sent");
    assert_eq!(said["data"]["notificationId"], row["id"]);
    assert_eq!(app.world.provider.left().len(), 1);
}

#[tokio::test]
async fn a_mail_that_auth_does_not_know_becomes_no_dead_letter() {
    let broker = TestBroker::shared();
    let app = start(&broker).await;
    let prefix = broker.prefix();
    until_declared(
        &broker,
        &format!("{prefix}notifications.on_auth_mail_requested"),
    )
    .await;
    let wanted = app.expect(MailKind::NewDevice, |_| {});
    app.world
        .auth
        .say(&wanted.mail_id.to_string(), MailAnswer::NotDue);
    say(&channel(&broker).await, prefix, &wanted).await;
    for _ in 0..400 {
        let rows = app
            .rows("SELECT status FROM notifications.messages WHERE status = 'cancelled'")
            .await;
        if !rows.is_empty() {
            let letters = app.rows("SELECT * FROM notifications.dead_letters").await;
            assert!(letters.is_empty(), "{letters:?}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the mail was not cancelled");
}

#[tokio::test]
async fn whatever_is_said_about_an_order_in_the_broker_is_heard() {
    let broker = TestBroker::shared();
    let app = TestApp::start_with(Options::with(&[
        ("NOTIFICATIONS__AMQP__URL", broker.url()),
        ("NOTIFICATIONS__AMQP__PREFIX", broker.prefix()),
        ("NOTIFICATIONS__MERCHANT_EMAIL", MERCHANT),
    ]))
    .await;
    let prefix = broker.prefix();
    for queue in [
        "invoice_issued",
        "order_paid",
        "order_unallocated",
        "order_cancelled",
        "order_expired",
        "order_shipped",
        "order_delivered",
        "refund_processed",
    ] {
        until_declared(&broker, &format!("{prefix}notifications.on_{queue}")).await;
    }
    let sold = app.sold(|_| {});
    let (order_id, user_id) = (sold.order, sold.user);
    let channel = channel(&broker).await;
    say_event(&channel, prefix, &OrderExpired { order_id, user_id }).await;
    say_event(&channel, prefix, &OrderCancelled { order_id, user_id }).await;
    say_event(&channel, prefix, &OrderDelivered { order_id, user_id }).await;
    say_event(&channel, prefix, &sale::shipped(&sold)).await;
    say_event(&channel, prefix, &sale::unallocated(&sold)).await;
    say_event(&channel, prefix, &sale::paid(&sold, SystemClock.now())).await;
    say_event(&channel, prefix, &sale::invoice(&sold)).await;
    let refund = sale::refund_of(&sold, ids::new_id(), "0.29");
    say_event(&channel, prefix, &refund).await;
    for template in [
        "order_cancelled",
        "order_delivered",
        "order_shipped",
        "order_unallocated",
        "merchant_order_unallocated",
        "merchant_order_paid",
        "order_confirmation",
        "refund_processed",
    ] {
        app.until_mail_is(&sold, template, "sent").await;
    }
    let expired = "SELECT event_id FROM notifications.inbox WHERE consumer = 'notifications.on_order_expired'";
    while app.rows(expired).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(app.world.provider.left().len(), 8);
    let letters = app.rows("SELECT * FROM notifications.dead_letters").await;
    assert!(letters.is_empty(), "{letters:?}");
}
