//! Events that every process hears for itself: for what it keeps in memory.
//!
//! The queue belongs to the connection and is gone with it, so there is no inbox and nothing to
//! acknowledge. Whatever was missed meanwhile is made up for by loading anew: the queue is bound
//! first, then the state is loaded, and only then are events read.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use common::auth::TokenVerifier;
use events::auth::{RevocationScope, SessionRevoked};
use events::{Event, RawEnvelope};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use lapin::options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::broker::{Broker, BrokerError, within_deadline};

/// The shortest and the longest pause before connecting again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

type Hear = Box<dyn Fn(&RawEnvelope) -> Result<(), String> + Send + Sync>;
type Reload = Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// What one process hears, and what it does about gaps.
pub struct Broadcasts {
    service: &'static str,
    broker: Arc<Broker>,
    heard: Vec<(&'static str, Hear)>,
    reload: Vec<Reload>,
}

impl Broadcasts {
    /// Hears nothing yet.
    #[must_use]
    pub fn new(service: &'static str, broker: Arc<Broker>) -> Self {
        Self {
            service,
            broker,
            heard: Vec::new(),
            reload: Vec::new(),
        }
    }

    /// Calls `hear` with each event of a type. It must be quick and safe to repeat.
    #[must_use]
    pub fn on<E: Event>(mut self, hear: impl Fn(E) + Send + Sync + 'static) -> Self {
        let opened = move |envelope: &RawEnvelope| {
            hear(envelope.open::<E>().map_err(|error| error.to_string())?);
            Ok(())
        };
        self.heard.push((E::TYPE, Box::new(opened)));
        self
    }

    /// Calls `reload` after each connect, once events are kept and before they are read.
    #[must_use]
    pub fn reload<F, Fut>(mut self, reload: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.reload.push(Box::new(move || Box::pin(reload())));
        self
    }

    /// Hears of revoked sessions, ahead of the verifier's own poll: what every process does that checks
    /// access tokens.
    #[must_use]
    pub fn revocations(self, verifier: &Arc<TokenVerifier>) -> Self {
        let (hearing, loading) = (Arc::clone(verifier), Arc::clone(verifier));
        self.on(move |event: SessionRevoked| match event.scope {
            RevocationScope::Session { session_id }
            | RevocationScope::Family { session_id, .. } => {
                hearing.revoke_now(session_id);
            }
            // Which sessions those are, only auth knows.
            RevocationScope::User { .. } => hearing.poll_now(),
        })
        .reload(move || {
            loading.poll_now();
            std::future::ready(())
        })
    }

    /// Hears until told to stop.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut pause = PAUSES.0;
        loop {
            let heard = tokio::select! {
                heard = self.session() => heard,
                () = shutdown.cancelled() => return,
            };
            match heard {
                Ok(()) => pause = PAUSES.0,
                Err(error) => {
                    tracing::debug!(cause = %error, "broadcasts are not heard; connecting again");
                }
            }
            let now = pause.mul_f64(0.5 + rand::random::<f64>());
            pause = (pause * 2).min(PAUSES.1);
            tokio::select! {
                () = sleep(now) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    async fn session(&self) -> Result<(), BrokerError> {
        let connection = self
            .broker
            .connect(&format!("{}: broadcasts", self.service))
            .await?;
        let channel = within_deadline(connection.create_channel()).await?;
        self.broker.topology.declare_shared(&channel).await?;
        // Named by the broker; exclusive, so that it dies with this connection.
        let options = QueueDeclareOptions {
            exclusive: true,
            auto_delete: true,
            ..QueueDeclareOptions::default()
        };
        let queue =
            within_deadline(channel.queue_declare("".into(), options, FieldTable::default()))
                .await?;
        let (name, exchange) = (queue.name().clone(), self.broker.topology.exchange());
        for (event_type, _) in &self.heard {
            let (key, options) = ((*event_type).into(), QueueBindOptions::default());
            within_deadline(channel.queue_bind(
                name.clone(),
                exchange.as_str().into(),
                key,
                options,
                FieldTable::default(),
            ))
            .await?;
        }
        let options = BasicConsumeOptions {
            no_ack: true,
            exclusive: true,
            ..BasicConsumeOptions::default()
        };
        let consuming = channel.basic_consume(name, "".into(), options, FieldTable::default());
        let mut deliveries = within_deadline(consuming).await?;
        for reload in &self.reload {
            reload().await;
        }
        while let Some(delivery) = deliveries.next().await {
            self.hear(&delivery?.data);
        }
        Ok(())
    }

    fn hear(&self, body: &[u8]) {
        let opened = serde_json::from_slice::<RawEnvelope>(body).map_err(|error| error.to_string());
        let heard = opened.and_then(|envelope| {
            let hear = self
                .heard
                .iter()
                .find(|(event_type, _)| *event_type == envelope.event_type);
            hear.map_or(Ok(()), |(_, hear)| hear(&envelope))
        });
        if let Err(cause) = heard {
            tracing::warn!(cause, "a broadcast could not be read");
        }
    }
}
