//! What becomes of a delivery: applied, tried again later, given up, or held while something is away.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use common::clock::{Clock as _, SystemClock};
use common::context::{Context, TraceParent};
use common::{failpoint, ids, spans};
use futures_util::FutureExt as _;
use lapin::message::Delivery;
use lapin::options::BasicAckOptions;
use lapin::types::AMQPValue;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::Work;
use crate::broker::{BrokerError, Outgoing, Sent, within_deadline};
use crate::consumers::{Answer, Handler, Message, WorkConsumer};
use crate::message;
use crate::received::ConsumeError;

/// How long a consumer function may take.
const HANDLER_DEADLINE: Duration = Duration::from_secs(60);
/// How often something that is away is tried again.
const HOLD_PAUSE: Duration = Duration::from_secs(1);
/// How long deliveries are held in all. The broker closes a channel whose deliveries are not
/// acknowledged within 30 minutes; giving the channel up before that spends no attempt either.
const HOLD_MAX: Duration = Duration::from_secs(20 * 60);

/// How the deliveries of a batch are acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acknowledged {
    /// With the last of them, as all that came before it on the channel is concluded.
    Together,
    /// One by one.
    Each,
}

/// Whether it only says that its queue was made anew.
pub(super) fn is_marker(delivery: &Delivery) -> bool {
    let kind = delivery.properties.kind().as_ref();
    kind.is_some_and(|kind| kind.as_str() == message::QUEUE_CREATED)
}

impl Work {
    /// Sees one delivery through.
    pub(super) async fn take(
        self: &Arc<Self>,
        consumer: &WorkConsumer,
        delivery: Delivery,
        give_up: &CancellationToken,
    ) {
        if is_marker(&delivery) {
            let catch_up = || self.producers.catch_up(self, consumer);
            let asked = self.patiently(consumer, give_up, catch_up).await;
            if asked.is_some() {
                acknowledge(&delivery, false).await;
            }
            return;
        }
        let answer = self
            .patiently(consumer, give_up, || self.attempt(consumer, &delivery))
            .await;
        if let Some(answer) = answer {
            self.conclude(consumer, &delivery, answer, give_up).await;
        }
    }

    /// Sees many deliveries through, in one transaction if all goes well.
    pub(super) async fn take_batch(
        self: &Arc<Self>,
        consumer: &WorkConsumer,
        events: Vec<Delivery>,
        acknowledged: Acknowledged,
        give_up: &CancellationToken,
    ) {
        let Handler::Batch { apply, .. } = &consumer.handler else {
            return;
        };
        // One that comes alone is seen through in its own context, with all that it logs.
        if events.len() < 2 {
            for delivery in events {
                self.take(consumer, delivery, give_up).await;
            }
            return;
        }
        let (messages, spans): (Vec<Message>, Vec<tracing::Span>) = events
            .iter()
            .map(|delivery| arrival(consumer, delivery))
            .unzip();
        let applied = guarded(apply(messages)).await;
        drop(spans);
        let all_is_well = applied.as_ref().is_ok_and(|answers| {
            answers.len() == events.len() && answers.iter().all(Result::is_ok)
        });
        if !all_is_well {
            for delivery in events {
                self.take(consumer, delivery, give_up).await;
            }
            return;
        }
        for (outcome, time) in applied.into_iter().flatten().flatten() {
            self.metrics.applied(&consumer.name, outcome, age(time));
        }
        failpoint::reach("consumer.batch_applied");
        match acknowledged {
            Acknowledged::Together => {
                if let Some(last) = events.last() {
                    acknowledge(last, true).await;
                }
            }
            Acknowledged::Each => {
                for delivery in &events {
                    acknowledge(delivery, false).await;
                }
            }
        }
    }

    async fn attempt(&self, consumer: &WorkConsumer, delivery: &Delivery) -> Answer {
        let (message, span) = arrival(consumer, delivery);
        let context = message.context.clone();
        let handled = async {
            match &consumer.handler {
                Handler::Single(handler) => guarded(handler(message)).await?,
                Handler::Batch { apply, .. } => {
                    let mut answers = guarded(apply(vec![message])).await?;
                    answers
                        .pop()
                        .unwrap_or_else(|| Err(ConsumeError::Transient("no answer".to_owned())))
                }
            }
        };
        context.scope(handled.instrument(span)).await
    }

    /// Tries again every second while something is away; `None` when it is time to let go.
    async fn patiently<T, Fut: Future<Output = Result<T, ConsumeError>>>(
        &self,
        consumer: &WorkConsumer,
        give_up: &CancellationToken,
        mut attempt: impl FnMut() -> Fut,
    ) -> Option<Result<T, ConsumeError>> {
        let began = Instant::now();
        let mut is_told = false;
        loop {
            let cause = match attempt().await {
                Err(ConsumeError::Unavailable(cause)) => cause,
                answer => return Some(answer),
            };
            if !is_told {
                is_told = true;
                tracing::warn!(queue = &*consumer.name, cause, "a consumer waits");
                self.metrics.failed(&consumer.name, "waiting");
            }
            if began.elapsed() > HOLD_MAX {
                give_up.cancel();
            }
            tokio::select! {
                () = sleep(HOLD_PAUSE) => {}
                () = give_up.cancelled() => return None,
            }
        }
    }

    async fn conclude(
        &self,
        consumer: &WorkConsumer,
        delivery: &Delivery,
        answer: Answer,
        give_up: &CancellationToken,
    ) {
        let error = match answer {
            Ok((outcome, time)) => {
                failpoint::reach("consumer.applied");
                self.metrics.applied(&consumer.name, outcome, age(time));
                acknowledge(delivery, false).await;
                return;
            }
            Err(error) => error,
        };
        let attempt = message::attempt(&delivery.properties);
        let step = match &error {
            ConsumeError::Hopeless(_) => None,
            _ => self.broker.topology.retry_after(attempt),
        };
        let id = message_id(delivery).unwrap_or_default();
        let queue = &*consumer.name;
        match step {
            Some(step) => {
                tracing::warn!(queue, eventId = id, attempt, cause = %error, "an event could not be applied; it comes again in {}", step.name);
            }
            None => {
                tracing::error!(queue, eventId = id, attempt, cause = %error, "an event is given up: a dead letter");
            }
        }
        let outgoing = match step {
            Some(step) => self.another_attempt(
                consumer,
                delivery,
                self.broker.topology.retry_exchange(step),
                attempt,
            ),
            None => self.dead_letter(consumer, delivery, &error, attempt),
        };
        if self.hand_on(consumer, outgoing, give_up).await {
            self.metrics
                .failed(queue, if step.is_some() { "retried" } else { "dead" });
            acknowledge(delivery, false).await;
        }
    }

    /// The same message on its way to a place where it rests before it comes home.
    fn another_attempt(
        &self,
        consumer: &WorkConsumer,
        delivery: &Delivery,
        exchange: String,
        attempt: u32,
    ) -> Outgoing {
        let next = AMQPValue::LongUInt(attempt.saturating_add(1));
        Outgoing {
            exchange,
            routing_key: self.broker.topology.queue(&consumer.name),
            mandatory: true,
            properties: with_id(message::with_header(
                &delivery.properties,
                message::ATTEMPT,
                next,
            )),
            body: delivery.data.clone(),
        }
    }

    fn dead_letter(
        &self,
        consumer: &WorkConsumer,
        delivery: &Delivery,
        error: &ConsumeError,
        attempt: u32,
    ) -> Outgoing {
        let reason = message::text(&error.to_string());
        let properties = message::with_header(&delivery.properties, message::REASON, reason);
        let attempt = AMQPValue::LongUInt(attempt);
        Outgoing {
            exchange: String::new(),
            routing_key: self.broker.topology.dead_queue(&consumer.name),
            mandatory: true,
            properties: with_id(message::with_header(&properties, message::ATTEMPT, attempt)),
            body: delivery.data.clone(),
        }
    }

    /// Publishes a copy; only when the broker has it may the original be acknowledged.
    async fn hand_on(
        &self,
        consumer: &WorkConsumer,
        outgoing: Outgoing,
        give_up: &CancellationToken,
    ) -> bool {
        let handed = self.patiently(consumer, give_up, || self.try_hand_on(&outgoing));
        matches!(handed.await, Some(Ok(())))
    }

    async fn try_hand_on(&self, outgoing: &Outgoing) -> Result<(), ConsumeError> {
        match self.publisher.publish_one(outgoing.clone()).await? {
            Sent::Confirmed => Ok(()),
            sent => {
                // Its queue is gone; the next try finds it.
                let connection = self.publisher.connection().await?;
                let channel = within_deadline(connection.create_channel()).await?;
                self.broker.topology.declare_shared(&channel).await?;
                Err(ConsumeError::Unavailable(format!("the copy was {sent:?}")))
            }
        }
    }
}

impl From<BrokerError> for ConsumeError {
    fn from(error: BrokerError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// Runs a consumer function so that neither a panic nor a function that never ends harms its queue.
/// A transaction that is dropped here is rolled back with its connection.
async fn guarded<T>(work: impl Future<Output = T>) -> Result<T, ConsumeError> {
    match timeout(HANDLER_DEADLINE, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_panic)) => Err(ConsumeError::Transient("the consumer panicked".to_owned())),
        Err(_elapsed) => Err(ConsumeError::Transient(
            "the consumer did not end in time".to_owned(),
        )),
    }
}

/// A failure means that the channel is gone: then the delivery comes again, and the inbox knows it. Not waited for without
/// end: on a connection that breaks at this moment, the client may give no answer at all.
pub(crate) async fn acknowledge(delivery: &Delivery, multiple: bool) {
    if let Err(error) = within_deadline(delivery.ack(BasicAckOptions { multiple })).await {
        tracing::debug!(cause = %error, "a delivery was not acknowledged; it will come again");
    }
}

/// What came, in a context of its own below what caused it, and the span that it is seen through in.
fn arrival(consumer: &WorkConsumer, delivery: &Delivery) -> (Message, tracing::Span) {
    let trace = message::text_header(&delivery.properties, message::TRACEPARENT);
    let trace = trace.and_then(|header| TraceParent::parse(&header));
    let mut context = Context::new(
        &message_id(delivery).unwrap_or_else(|| ids::new_id().to_string()),
        trace.unwrap_or_else(|| TraceParent::random(false)),
    );
    let span = span_of(consumer, delivery, trace);
    if let Some(place) = spans::place_of(&span) {
        context.trace = place;
    }
    let message = Message {
        body: Arc::from(delivery.data.as_slice()),
        attempt: message::attempt(&delivery.properties),
        context,
    };
    failpoint::reach("consumer.received");
    (message, span)
}

fn message_id(delivery: &Delivery) -> Option<String> {
    delivery
        .properties
        .message_id()
        .as_ref()
        .map(ToString::to_string)
}

/// A stranger's message may have no id; the broker's answers are matched by it.
fn with_id(properties: lapin::BasicProperties) -> lapin::BasicProperties {
    if properties.message_id().is_some() {
        return properties;
    }
    properties.with_message_id(ids::new_id().to_string().into())
}

fn span_of(
    consumer: &WorkConsumer,
    delivery: &Delivery,
    trace: Option<TraceParent>,
) -> tracing::Span {
    let Some(trace) = trace.filter(|trace| trace.sampled && spans::are_recorded()) else {
        return tracing::Span::none();
    };
    let span = tracing::info_span!(
        "event.consume",
        otel.name = %consumer.name,
        otel.kind = "consumer",
        messaging.system = "rabbitmq",
        messaging.destination.name = %consumer.name,
        event.id = message_id(delivery),
        event.attempt = message::attempt(&delivery.properties),
    );
    spans::continue_from(&span, trace);
    span
}

/// Measured against the producer's clock, so it can come out slightly negative; then it is nothing.
fn age(time: chrono::DateTime<chrono::Utc>) -> Duration {
    (SystemClock.now() - time).to_std().unwrap_or_default()
}
