//! What the service hears of others, through a real broker.

use std::sync::Arc;
use std::time::Duration;

use common::Clock as _;
use common::clock::SystemClock;
use events::Envelope;
use events::shared::PrivacyErased;
use lapin::BasicProperties;
use messaging::broker::{Broker, Outgoing, Publisher, Sent};
use messaging::{AmqpSettings, EventMeta};
use reqwest::Method;
use serde_json::json;
use test_support::TestBroker;

use crate::app::{PASSWORD, TestApp};
use crate::steps::{lenient, send};

#[tokio::test]
async fn an_erasure_is_done_once_every_other_holder_has_confirmed_it() {
    let broker = TestBroker::shared();
    let mut options = lenient();
    options.variables.extend([
        (
            "AUTH__EVENTS__DEPLOYED",
            "auth,orders,notifications".to_owned(),
        ),
        ("AUTH__AMQP__URL", broker.url().to_owned()),
        ("AUTH__AMQP__PREFIX", broker.prefix().to_owned()),
    ]);
    let app = TestApp::start_with(options).await;
    let ada = app.register("ada@example.com").await;
    let wish = json!({ "password": PASSWORD, "reason": "moving on" });
    let erased = send(&app, &ada, Method::DELETE, "/api/v1/gdpr/account", &wish).await;
    assert_eq!(erased.status, 200);
    let request = "SELECT id::text FROM auth.privacy_requests WHERE kind = 'erase'";
    let request = app.value(request).await.as_str().unwrap().to_owned();
    let state = "SELECT state FROM auth.privacy_requests WHERE kind = 'erase'";
    let heard = "SELECT count(*) FROM auth.inbox";
    for (number, service) in ["orders", "orders", "notifications"]
        .into_iter()
        .enumerate()
    {
        assert_eq!(app.value(state).await, "pending");
        confirm(&broker, &request, &ada.id, service).await;
        for _ in 0..200 {
            if app.value(heard).await == number + 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    assert_eq!(app.value(state).await, "done");
}

/// Another service says that it has forgotten a person.
async fn confirm(broker: &TestBroker, request: &str, user: &str, service: &'static str) {
    let event = PrivacyErased {
        request_id: request.parse().unwrap(),
        user_id: user.parse().unwrap(),
        service: service.to_owned(),
    };
    let meta = EventMeta {
        id: common::ids::new_id(),
        service,
        time: SystemClock.now(),
        aggregate_version: 1,
        traceparent: None,
    };
    let settings = AmqpSettings::bare(broker.url().to_owned(), broker.prefix().to_owned());
    let at = Arc::new(Broker::new(settings));
    let outgoing = Outgoing {
        exchange: at.topology.exchange(),
        routing_key: "privacy.erased".to_owned(),
        mandatory: true,
        properties: BasicProperties::default().with_message_id(meta.id.to_string().into()),
        body: serde_json::to_vec(&Envelope::wrap(&event, &meta)).unwrap(),
    };
    let publisher = Publisher::new(at, "test".to_owned());
    for _ in 0..200 {
        // Returned until the service has its queue.
        if publisher.publish_one(outgoing.clone()).await.unwrap() == Sent::Confirmed {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nobody hears privacy.erased");
}
