//! The provider tells what became of mails: what waits is noted together.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use common::Clock;
use common::batcher::Batcher;
use common::database::Database;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};

use super::Error;
use crate::domain::address::Address;
use crate::domain::webhook_event::WebhookEvent;
use crate::startup::AppState;
use crate::store;
use crate::store::messages::RECIPIENT_INDEX;
use crate::store::webhook_events::Delivery;

/// Noted in one transaction at most.
const TOGETHER: usize = 32;
/// What is told within this time is noted together.
const GATHER: Duration = Duration::from_millis(100);

/// Notes what was told, once however often it is told and in whatever order. An address that cannot be reached, or
/// whose owner does not want our mail, gets no more.
pub(crate) async fn hear_webhook(state: &AppState, event: WebhookEvent) -> Result<(), Error> {
    if event.was_known() {
        state.counters.told(&event.kind);
        return Ok(());
    }
    let index = |address: &Address| state.pii.index().of(RECIPIENT_INDEX, &address.canonical());
    let told = Told {
        indexes: event.recipients.iter().map(index).collect(),
        event: event.clone(),
    };
    let noted = state.hearing.batches.ask(told).await??;
    if noted.is_news {
        state.counters.told(&event.kind);
    }
    if let Some(reason) = event.suppression().filter(|_| noted.suppressed > 0) {
        let (provider_id, reason) = (event.provider_id.as_deref(), reason.name());
        let suppressed = noted.suppressed;
        tracing::warn!(
            provider_id,
            reason,
            suppressed,
            "an address gets no more mail"
        );
        state.counters.suppressed(reason);
    }
    Ok(())
}

/// Something that was told, and the blind indexes of the mail's recipients.
#[derive(Debug, Clone)]
struct Told {
    event: WebhookEvent,
    indexes: Vec<Vec<u8>>,
}

/// What followed.
#[derive(Debug, Clone, Copy)]
struct Noted {
    is_news: bool,
    /// How many addresses get no more mail from now on.
    suppressed: usize,
}

/// Notes what is told.
pub(crate) struct Hearing {
    batches: Batcher<Told, Result<Noted, Error>>,
}

impl Hearing {
    /// Starts noting.
    pub(crate) fn start(db: Database, clock: Arc<dyn Clock>) -> Self {
        let batches = Batcher::all_or_each(TOGETHER, GATHER, move |told| {
            let now = clock.now();
            note(db.clone(), now, told)
        });
        Self { batches }
    }
}

async fn note(db: Database, now: DateTime<Utc>, told: Vec<Told>) -> Result<Vec<Noted>, Error> {
    let mut conn = db.get().await?;
    conn.transaction(async |conn| {
        let events: Vec<WebhookEvent> = told.iter().map(|one| one.event.clone()).collect();
        let mails = events.iter().filter_map(|event| event.provider_id.clone());
        store::webhook_events::take_turns(conn, mails.collect()).await?;
        let mut fresh = store::webhook_events::insert(conn, &events, now).await?;
        let news = events.iter().filter(|event| fresh.contains(&event.id));
        store::webhook_events::note_deliveries(conn, &newest(news)).await?;
        let mut noted = Vec::with_capacity(told.len());
        for one in &told {
            // One that is told twice at once is news once.
            let is_news = fresh.remove(&one.event.id);
            let suppressed = if is_news {
                suppress(conn, one, now).await?
            } else {
                0
            };
            noted.push(Noted {
                is_news,
                suppressed,
            });
        }
        Ok(noted)
    })
    .await
}

/// The newest that was told of each mail.
fn newest<'e>(news: impl Iterator<Item = &'e WebhookEvent>) -> Vec<Delivery<'e>> {
    let mut newest: HashMap<&str, Delivery<'_>> = HashMap::new();
    for event in news {
        let Some(provider_id) = event.provider_id.as_deref() else {
            continue;
        };
        let delivery = Delivery {
            provider_id,
            kind: &event.kind,
            at: event.occurred_at,
        };
        match newest.entry(provider_id) {
            Entry::Occupied(known) if known.get().at >= delivery.at => {}
            Entry::Occupied(mut known) => {
                known.insert(delivery);
            }
            Entry::Vacant(free) => {
                free.insert(delivery);
            }
        }
    }
    newest.into_values().collect()
}

async fn suppress(
    conn: &mut AsyncPgConnection,
    told: &Told,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let mut suppressed = 0;
    if let Some(reason) = told.event.suppression() {
        for index in &told.indexes {
            let is_new = store::webhook_events::suppress(conn, index, reason, now).await?;
            suppressed += usize::from(is_new);
        }
    }
    Ok(suppressed)
}
