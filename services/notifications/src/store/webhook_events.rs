//! What the provider told, and whom that rules out as a recipient.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use common::statement::{Prepare as _, Statement};
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::schema::notifications::{suppressions, webhook_events};
use crate::domain::webhook_event::{Suppression, WebhookEvent};

/// Makes whoever else is at the same mails of the provider wait until this transaction ends: of "sent" and what is told
/// about it, the later one to commit then sees the earlier. Always in the order of the ids, so that nobody waits in a circle.
pub(crate) async fn take_turns(
    conn: &mut AsyncPgConnection,
    mut provider_ids: Vec<String>,
) -> QueryResult<()> {
    const SQL: &str =
        "SELECT count(pg_advisory_xact_lock(hashtextextended('notifications.provider.' || id, 0)))
         FROM unnest(?::text[]) AS id";
    provider_ids.sort_unstable();
    Statement::new(SQL)
        .bind::<Array<Text>, _>(provider_ids)
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes what was told; answers the ids of what is news.
pub(crate) async fn insert(
    conn: &mut AsyncPgConnection,
    told: &[WebhookEvent],
    now: DateTime<Utc>,
) -> QueryResult<HashSet<String>> {
    const SQL: &str =
        "INSERT INTO webhook_events (received_at, id, event_type, provider_id, occurred_at)
         SELECT ?, * FROM unnest(?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id";
    let each = || told.iter();
    let times = each().map(|event| event.occurred_at);
    let news: Vec<News> = Statement::new(SQL)
        .bind::<Timestamptz, _>(now)
        .bind::<Array<Text>, _>(each().map(|event| event.id.clone()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(each().map(|event| event.kind.clone()).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(
            each()
                .map(|event| event.provider_id.clone())
                .collect::<Vec<_>>(),
        )
        .bind::<Array<Timestamptz>, _>(times.collect::<Vec<_>>())
        .load(conn)
        .await?;
    Ok(news.into_iter().map(|row| row.id).collect())
}

#[derive(QueryableByName)]
struct News {
    #[diesel(sql_type = Text)]
    id: String,
}

/// What became of a mail of the provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivery<'a> {
    pub(crate) provider_id: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) at: DateTime<Utc>,
}

/// Notes on mails, each named once, what became of them, unless something newer is noted there. A mail may not be known as
/// sent yet: then it is noted with that.
pub(crate) async fn note_deliveries(
    conn: &mut AsyncPgConnection,
    deliveries: &[Delivery<'_>],
) -> QueryResult<()> {
    const SQL: &str = "UPDATE messages m SET delivery = n.kind, delivery_at = n.at
         FROM unnest(?::text[], ?, ?) AS n (provider_id, kind, at)
         WHERE m.provider_id = n.provider_id AND (m.delivery_at IS NULL OR m.delivery_at < n.at)";
    let each = || deliveries.iter();
    let kinds = each().map(|one| one.kind.to_owned());
    Statement::new(SQL)
        .bind::<Array<Text>, _>(
            each()
                .map(|one| one.provider_id.to_owned())
                .collect::<Vec<_>>(),
        )
        .bind::<Array<Text>, _>(kinds.collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(each().map(|one| one.at).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

/// Rules an address out as a recipient; answers whether it was not before.
pub(crate) async fn suppress(
    conn: &mut AsyncPgConnection,
    recipient_bidx: &[u8],
    reason: Suppression,
    since: DateTime<Utc>,
) -> QueryResult<bool> {
    let inserted = diesel::insert_into(suppressions::table)
        .values((
            suppressions::recipient_bidx.eq(recipient_bidx),
            suppressions::reason.eq(reason.name()),
            suppressions::since.eq(since),
        ))
        .on_conflict_do_nothing()
        .prepared()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

/// Forgets what was told before a moment; answers how many.
pub(crate) async fn sweep(
    conn: &mut AsyncPgConnection,
    received_before: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::delete(webhook_events::table.filter(webhook_events::received_at.lt(received_before)))
        .execute(conn)
        .await
}
