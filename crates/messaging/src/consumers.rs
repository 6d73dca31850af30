//! Which function hears which event.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use common::context::Context;
use events::Event;
use events::subscriptions::{Delivery, Subscription, consumers_of, subscriptions};
use futures_util::future::BoxFuture;

use crate::received::{ConsumeError, Outcome, Received};

/// What comes to a queue within this time is applied together: somebody may wait for it.
const SOON: Duration = Duration::from_millis(50);
/// The same where nobody waits.
const AT_LEISURE: Duration = Duration::from_millis(250);

/// How many events of one queue are applied at once.
const AT_ONCE: usize = 4;

/// A service's consumer functions, listed in its `consumers/mod.rs`.
pub struct Consumers<S> {
    service: &'static str,
    state: Arc<S>,
    list: Vec<WorkConsumer>,
    missing: Vec<&'static str>,
}

/// A message as it came, with what the broker says about it.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub body: Arc<[u8]>,
    pub attempt: u32,
    pub context: Context,
}

/// What a consumer says of one message, and the time of the fact it was about.
pub(crate) type Answer = Result<(Outcome, DateTime<Utc>), ConsumeError>;

type Single = dyn Fn(Message) -> BoxFuture<'static, Answer> + Send + Sync;
type Many = dyn Fn(Vec<Message>) -> BoxFuture<'static, Vec<Answer>> + Send + Sync;

/// One event at a time, or as many as wait.
#[derive(Clone)]
pub(crate) enum Handler {
    Single(Arc<Single>),
    Batch {
        apply: Arc<Many>,
        /// The next batch is taken so long after the last.
        gather: Duration,
    },
}

/// One consumer function and its queue.
#[derive(Clone)]
pub(crate) struct WorkConsumer {
    pub name: Arc<str>,
    pub subscription: Subscription,
    pub handler: Handler,
    pub at_once: usize,
}

impl<S: Send + Sync + 'static> Consumers<S> {
    /// No consumers yet; each will get `state`.
    #[must_use]
    pub fn new(service: &'static str, state: Arc<S>) -> Self {
        Self {
            service,
            state,
            list: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Adds a function that applies one event at a time.
    #[must_use]
    pub fn on<E, F, Fut>(self, consume: F) -> Self
    where
        E: Event + Send + 'static,
        F: Fn(Arc<S>, Received<E>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Outcome, ConsumeError>> + Send + 'static,
    {
        self.add::<E>(|state, name| {
            Handler::Single(Arc::new(move |message| {
                let opened = Received::<E>::open(&name, message);
                let applied = opened.map(|event| (event.time, consume(Arc::clone(&state), event)));
                Box::pin(async move {
                    let (time, applied) = applied?;
                    Ok((applied.await?, time))
                })
            }))
        })
    }

    /// Adds a function that applies up to 64 events in one transaction: as many as wait. It says of each event what it did, in
    /// order; where it fails as a whole, the events are given to it one by one, so that a bad one does not hold the others up.
    ///
    /// It locks what several events may be about in one order everywhere, so that two batches wait for one another and do not
    /// deadlock.
    ///
    /// The next batch is taken 50 ms after the last at the earliest, which under load saves most of the work. An event that comes
    /// alone waits for nothing.
    #[must_use]
    pub fn on_batch<E, F, Fut>(self, consume: F) -> Self
    where
        E: Event + Send + 'static,
        F: Fn(Arc<S>, Vec<Received<E>>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<Outcome>, ConsumeError>> + Send + 'static,
    {
        self.add_batch(SOON, consume)
    }

    /// The same for events for whose effects nobody waits: 250 ms lie between two batches.
    #[must_use]
    pub fn on_batch_at_leisure<E, F, Fut>(self, consume: F) -> Self
    where
        E: Event + Send + 'static,
        F: Fn(Arc<S>, Vec<Received<E>>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<Outcome>, ConsumeError>> + Send + 'static,
    {
        self.add_batch(AT_LEISURE, consume)
    }

    fn add_batch<E, F, Fut>(self, gather: Duration, consume: F) -> Self
    where
        E: Event + Send + 'static,
        F: Fn(Arc<S>, Vec<Received<E>>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<Outcome>, ConsumeError>> + Send + 'static,
    {
        let consume = Arc::new(consume);
        self.add::<E>(|state, name| {
            let handle = move |messages: Vec<Message>| -> BoxFuture<'static, Vec<Answer>> {
                let opened = messages
                    .into_iter()
                    .map(|message| Received::<E>::open(&name, message))
                    .collect();
                let (state, consume) = (Arc::clone(&state), Arc::clone(&consume));
                Box::pin(answer_batch(opened, move |events| {
                    consume(Arc::clone(&state), events)
                }))
            };
            Handler::Batch {
                apply: Arc::new(handle),
                gather,
            }
        })
    }

    fn add<E: Event>(mut self, handler: impl FnOnce(Arc<S>, Arc<str>) -> Handler) -> Self {
        let mine =
            |one: &Subscription| one.service == self.service && one.delivery == Delivery::Work;
        let Some(subscription) = consumers_of(E::TYPE).find(mine) else {
            self.missing.push(E::TYPE);
            return self;
        };
        let name: Arc<str> = subscription.queue().into();
        let handler = handler(Arc::clone(&self.state), Arc::clone(&name));
        self.list.push(WorkConsumer {
            name,
            subscription,
            handler,
            at_once: AT_ONCE,
        });
        self
    }

    /// All of them.
    ///
    /// # Errors
    /// When a function hears an event that the subscription table does not give to this service.
    pub(crate) fn finish(self) -> anyhow::Result<Vec<WorkConsumer>> {
        anyhow::ensure!(
            self.missing.is_empty(),
            "{} has consumers of {:?} but no subscription to them",
            self.service,
            self.missing
        );
        Ok(self.list)
    }

    /// What the subscription table gives to this service and no function hears. Such a queue is filled and never read.
    pub fn unheard(&self) -> impl Iterator<Item = &'static str> {
        let is_heard = |event_type: &str| {
            let mut list = self.list.iter();
            list.any(|consumer| consumer.subscription.event_type == event_type)
        };
        subscriptions()
            .filter(|one| one.service == self.service && one.delivery == Delivery::Work)
            .map(|one| one.event_type)
            .filter(move |event_type| !is_heard(event_type))
    }
}

/// Gives the readable events of a batch to a function, each once, and puts the answers in the batch's order.
async fn answer_batch<E, Fut>(
    opened: Vec<Result<Received<E>, ConsumeError>>,
    consume: impl FnOnce(Vec<Received<E>>) -> Fut,
) -> Vec<Answer>
where
    Fut: Future<Output = Result<Vec<Outcome>, ConsumeError>>,
{
    let mut given = Vec::with_capacity(opened.len());
    let mut ids = HashSet::with_capacity(opened.len());
    let mut places = Vec::with_capacity(opened.len());
    for event in opened {
        places.push(event.map(|event| {
            let place = (event.time, ids.insert(event.id));
            if place.1 {
                given.push(event);
            }
            place
        }));
    }
    let count = given.len();
    let outcomes = if count == 0 {
        Ok(Vec::new())
    } else {
        consume(given).await
    };
    let outcomes = outcomes.and_then(|outcomes| {
        let is_whole = outcomes.len() == count;
        is_whole.then_some(outcomes).ok_or_else(|| {
            ConsumeError::Transient("the consumer did not answer for every event".to_owned())
        })
    });
    let mut outcomes = outcomes.map(Vec::into_iter);
    places
        .into_iter()
        .map(|place| {
            let (time, is_first) = place?;
            match &mut outcomes {
                // Those given and those answered are as many, so there is one for each.
                Ok(outcomes) if is_first => Ok((outcomes.next().unwrap_or(Outcome::Applied), time)),
                Ok(_) => Ok((Outcome::Duplicate, time)),
                Err(error) => Err(error.clone()),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventMeta;
    use common::{Clock as _, clock::SystemClock, ids};
    use events::auth::UserVerified;

    #[tokio::test]
    async fn an_event_that_comes_twice_in_a_batch_is_given_once() {
        let event = || {
            let meta = EventMeta {
                id: ids::new_id(),
                service: "auth",
                time: SystemClock.now(),
                aggregate_version: 1,
                traceparent: None,
            };
            let body = UserVerified {
                user_id: ids::new_id(),
            };
            Received::first("admin.on_user_verified", body, &meta)
        };
        let (one, other) = (event(), event());
        let expected = [one.id, other.id];
        let batch = vec![Ok(one.clone()), Ok(other), Ok(one)];
        let answers = answer_batch(batch, async |given: Vec<Received<UserVerified>>| {
            assert_eq!(given.iter().map(|one| one.id).collect::<Vec<_>>(), expected);
            Ok(vec![Outcome::Applied, Outcome::Stale])
        });
        let outcomes: Vec<Outcome> = answers
            .await
            .into_iter()
            .map(|answer| answer.unwrap().0)
            .collect();
        assert_eq!(
            outcomes,
            [Outcome::Applied, Outcome::Stale, Outcome::Duplicate]
        );
    }
}
