//! The consumer's side: whom to ask, and from when on.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use common::auth::ServiceTokens;
use common::client::{CallError, Sibling, http_client, usual_port};
use common::settings::Reader;
use events::subscriptions::{EVENT_TYPES, EVERY_SERVICE, EventType, subscriptions};
use url::Url;

use super::{ReplayRequest, ReplayedPage, Replayer};
use crate::consumers::WorkConsumer;
use crate::inbox;
use crate::received::ConsumeError;
use crate::work::Work;

/// How far before the newest known event a replay begins: longer than any event waits for its
/// publication in good times, as those are not known in the order in which they were published, and
/// longer than one waits for its last attempt.
const OVERLAP: TimeDelta = TimeDelta::minutes(30);

/// Where the producers are of what a service hears.
#[derive(Debug, Clone, Default)]
pub struct ProducerSettings(BTreeMap<&'static str, Url>);

impl ProducerSettings {
    /// Reads `UPSTREAMS__<SERVICE>__URL` (this machine, the usual port) of each other deployed service, and keeps those
    /// that say something `service` hears.
    pub fn read(read: &mut Reader, service: &str, deployed: &[String]) -> Self {
        let producers = producers_for(service, deployed);
        let mut urls = BTreeMap::new();
        for name in deployed.iter().filter(|name| *name != service) {
            let url = read.url(&format!("upstreams.{name}.url"), usual(name).as_deref());
            if let Some(producer) = producers.iter().find(|producer| *producer == name) {
                urls.insert(*producer, url);
            }
        }
        Self(urls)
    }
}

fn usual(service: &str) -> Option<String> {
    usual_port(service).map(|port| format!("http://127.0.0.1:{port}"))
}

/// The deployed services that say something this one hears.
fn producers_for(service: &str, deployed: &[String]) -> Vec<&'static str> {
    let heard: Vec<&str> = subscriptions()
        .filter(|one| one.service == service)
        .map(|one| one.event_type)
        .collect();
    let mut producers: Vec<&'static str> = EVENT_TYPES
        .iter()
        .filter(|known| heard.contains(&known.name))
        .flat_map(producers_of)
        .collect();
    producers.sort_unstable();
    producers.dedup();
    producers.retain(|producer| deployed.iter().any(|name| name == producer));
    producers
}

fn producers_of(known: &EventType) -> Vec<&'static str> {
    if known.producer != EVERY_SERVICE {
        return vec![known.producer];
    }
    let mut all: Vec<&'static str> = subscriptions().map(|one| one.service).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The consumer's side: whom to ask.
pub(crate) struct Producers {
    siblings: BTreeMap<&'static str, Sibling>,
    own: Option<(&'static str, Replayer)>,
}

impl Producers {
    pub(crate) fn new(
        settings: &ProducerSettings,
        tokens: &Arc<ServiceTokens>,
        own: (&'static str, Replayer),
    ) -> anyhow::Result<Self> {
        let http = http_client()?;
        let sibling = |(service, url): (&&'static str, &Url)| {
            (
                *service,
                Sibling::new(service, url.clone(), http.clone(), Arc::clone(tokens)),
            )
        };
        Ok(Self {
            siblings: settings.0.iter().map(sibling).collect(),
            own: Some(own),
        })
    }

    /// Asks the producers of a consumer's event for what its queue may have missed.
    pub(crate) async fn catch_up(
        &self,
        work: &Work,
        consumer: &WorkConsumer,
    ) -> Result<(), ConsumeError> {
        let mut conn = work.db.get().await?;
        let newest = inbox::newest(&mut conn, &consumer.name).await?;
        drop(conn);
        let since = newest.map_or(DateTime::UNIX_EPOCH, |time| time - OVERLAP);
        let event_type = consumer.subscription.event_type;
        for producer in EVENT_TYPES
            .iter()
            .filter(|known| known.name == event_type)
            .flat_map(producers_of)
        {
            let mut request = ReplayRequest {
                queue: consumer.name.to_string(),
                types: vec![event_type.to_owned()],
                since,
                after: None,
            };
            while let Some(page) = self.ask(producer, &request).await? {
                if page.published > 0 {
                    let (queue, events) = (&*consumer.name, page.published);
                    tracing::info!(queue, producer, events, "missed events were sent again");
                }
                request.after = page.next;
                if page.next.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// One page; `None` from a service that is not deployed.
    async fn ask(
        &self,
        producer: &'static str,
        request: &ReplayRequest,
    ) -> Result<Option<ReplayedPage>, ConsumeError> {
        if let Some((own, replayer)) = &self.own
            && *own == producer
        {
            let page = replayer.replay(own, request).await;
            return page
                .map(Some)
                .map_err(|error| ConsumeError::Unavailable(error.to_string()));
        }
        let Some(sibling) = self.siblings.get(producer) else {
            return Ok(None);
        };
        let url = sibling.url("/internal/events/replay");
        let url = url.map_err(|error| ConsumeError::Hopeless(error.to_string()))?;
        match sibling.post(url, request).await {
            Ok(page) => Ok(Some(page)),
            // Whatever the reason, giving up would leave the gap open.
            Err(error @ (CallError::Unavailable { .. } | CallError::Refused { .. })) => {
                Err(ConsumeError::Unavailable(error.to_string()))
            }
        }
    }
}
