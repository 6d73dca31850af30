//! The whole way: from a message in the broker to a mail, and to what is said about it.

use std::time::Duration;

use common::clock::SystemClock;
use common::{Clock as _, ids};
use events::auth::{MailKind, MailRequested};
use events::{Envelope, Event as _};
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use messaging::EventMeta;
use serde_json::Value;
use test_support::TestBroker;

use crate::app::{Options, TestApp, Wanted};
use crate::auth::MailAnswer;

async fn channel(broker: &TestBroker) -> Channel {
    let connection = Connection::connect(broker.url(), ConnectionProperties::default());
    connection.await.unwrap().create_channel().await.unwrap()
}

async fn start(broker: &TestBroker) -> TestApp {
    TestApp::start_with(Options::with(&[
        ("NOTIFICATIONS__AMQP__URL", broker.url()),
        ("NOTIFICATIONS__AMQP__PREFIX", broker.prefix()),
    ]))
    .await
}

/// Says the event as auth's relay does, into the exchange that everything goes through.
async fn say(channel: &Channel, prefix: &str, wanted: &Wanted) {
    let event = MailRequested {
        mail_id: wanted.mail_id,
        user_id: wanted.user_id,
        kind: wanted.kind,
    };
    let meta = EventMeta {
        id: ids::new_id(),
        service: "auth",
        time: SystemClock.now(),
        aggregate_version: 1,
        traceparent: None,
    };
    let body = serde_json::to_vec(&Envelope::wrap(&event, &meta)).unwrap();
    let exchange = format!("{prefix}agape.events");
    let properties = BasicProperties::default().with_message_id(meta.id.to_string().into());
    let options = BasicPublishOptions::default();
    let published = channel.basic_publish(
        exchange.as_str().into(),
        MailRequested::TYPE.into(),
        options,
        &body,
        properties,
    );
    published.await.unwrap().await.unwrap();
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
