//! Writing that mails have left: of as many together as wait, since many leave at the same time.

use std::time::Duration;

use common::batcher::Batcher;
use common::database::Database;
use diesel_async::AsyncConnection as _;
use events::notifications::NotificationSent;
use messaging::{EventMeta, outbox};

use super::Error;
use super::trail::Trail;
use crate::domain::template::Template;
use crate::store;
use crate::store::claims::{Claim, ClaimedRow};

/// Written in one transaction at most.
const TOGETHER: usize = 32;
/// What leaves within this time is written together.
const GATHER: Duration = Duration::from_millis(50);

/// A mail that the provider has.
#[derive(Debug, Clone)]
struct Left {
    claim: Claim,
    provider_id: String,
    /// Its last mail to somebody who is forgotten: nobody is to know any more where it went.
    is_goodbye: bool,
    event: NotificationSent,
    meta: EventMeta,
}

/// Ends mails that have left.
pub(crate) struct Ends {
    batches: Batcher<Left, Result<bool, Error>>,
}

impl Ends {
    /// Starts writing.
    pub(crate) fn start(db: Database) -> Self {
        let batches = Batcher::all_or_each(TOGETHER, GATHER, move |left| write(db.clone(), left));
        Self { batches }
    }

    /// Notes that the provider has a mail, and promises to tell so; answers whether the claim still held.
    pub(crate) async fn sent(
        &self,
        row: &ClaimedRow,
        provider_id: &str,
        trail: &Trail,
    ) -> Result<bool, Error> {
        let left = Left {
            claim: row.claim(),
            provider_id: provider_id.to_owned(),
            is_goodbye: row.template.parse().is_ok_and(Template::is_goodbye),
            event: NotificationSent {
                notification_id: row.id,
                template: row.template.clone(),
                user_id: row.user_id,
                sent_at: trail.now(),
            },
            meta: trail.meta(),
        };
        self.batches.ask(left).await?
    }
}

async fn write(db: Database, left: Vec<Left>) -> Result<Vec<bool>, Error> {
    let mut conn = db.get().await?;
    conn.transaction(async |conn| {
        let ids = left.iter().map(|one| one.provider_id.clone());
        store::webhook_events::take_turns(conn, ids.collect()).await?;
        let sent = left.iter().map(|one| store::claims::Sent {
            claim: one.claim,
            provider_id: &one.provider_id,
            keeps_recipient: !one.is_goodbye,
            at: one.event.sent_at,
        });
        let ours = store::claims::end_sent(conn, &sent.collect::<Vec<_>>()).await?;
        let is_ours = |one: &Left| ours.contains(&one.claim.id);
        let news = left.iter().filter(|one| is_ours(one));
        let news = news.map(|one| (one.event.clone(), one.meta.clone()));
        outbox::append_all(conn, &news.collect::<Vec<_>>()).await?;
        Ok(left.iter().map(is_ours).collect())
    })
    .await
}
