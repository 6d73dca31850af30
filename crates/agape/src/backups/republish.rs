//! Events that a restored database has sent, and that nobody it knows of has applied.
//!
//! Whatever lay in a queue at the moment that was restored to is gone with the broker. An event's row in the outbox is kept for
//! longer than any event is under way, and a consumer's row in the inbox is written in the transaction of its effect. So the row
//! of an event that a consumer has no row of says that its effect is not in this database, and only that: it is published once
//! more. Those of its consumers that did apply it know it by their inbox.
//!
//! A consumer that finds its queue gone asks by itself for what came since shortly before its newest event; this here also finds
//! what had waited for longer.

use anyhow::Result;
use events::subscriptions::{Delivery, EVENT_TYPES, EVERY_SERVICE, Subscription, subscriptions};
use tokio_postgres::{Client, Transaction};

/// Marks what has to be published once more, of the services that there are; answers how many events that is.
///
/// # Errors
/// Those of the database; nothing is marked then.
pub async fn republish(admin: &mut Client, services: &[&str]) -> Result<u64> {
    let transaction = admin.transaction().await?;
    let mut marked = 0;
    for heard in subscriptions() {
        if heard.delivery != Delivery::Work || !services.contains(&heard.service) {
            continue;
        }
        for producer in producers(&heard, services) {
            marked += mark(&transaction, producer, &heard).await?;
        }
    }
    transaction.commit().await?;
    Ok(marked)
}

fn producers<'a>(heard: &Subscription, services: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let said = EVENT_TYPES.iter().find(|one| one.name == heard.event_type);
    let producer = said.map(|one| one.producer);
    let says = move |name: &&str| producer.is_some_and(|one| one == EVERY_SERVICE || one == *name);
    services.iter().copied().filter(says)
}

/// What a consumer gave up waits for people among its dead letters, and is not sent behind their backs.
async fn mark(admin: &Transaction<'_>, producer: &str, heard: &Subscription) -> Result<u64> {
    let hearer = heard.service;
    // The names of schemas are those of the services.
    let sql = format!(
        "UPDATE {producer}.outbox o
         SET published_at = NULL, attempts = 0, next_attempt_at = now(), last_error = NULL
         WHERE o.event_type = $1 AND o.published_at IS NOT NULL
             AND NOT EXISTS (SELECT FROM {hearer}.inbox i WHERE i.consumer = $2 AND i.event_id = o.id)
             AND NOT EXISTS (SELECT FROM {hearer}.dead_letters d
                 WHERE d.consumer = $2 AND d.event_id = o.id AND d.redriven_at IS NULL)"
    );
    let consumer = heard.queue();
    Ok(admin.execute(&sql, &[&heard.event_type, &consumer]).await?)
}
