//! What the provider told, and whom that rules out as a recipient.

use chrono::{DateTime, Utc};
use common::statement::Prepare as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::schema::notifications::{messages, suppressions, webhook_events};
use crate::domain::webhook_event::{Suppression, WebhookEvent};

/// Makes whoever else is at the same mail of the provider wait until this transaction ends: of "sent" and what is told
/// about it, the later one to commit then sees the earlier.
pub(crate) async fn take_turn(conn: &mut AsyncPgConnection, provider_id: &str) -> QueryResult<()> {
    diesel::sql_query(
        "SELECT pg_advisory_xact_lock(hashtextextended('notifications.provider.' || $1, 0))",
    )
    .bind::<Text, _>(provider_id)
    .prepared()
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that something was told; answers whether it is news.
pub(crate) async fn insert(
    conn: &mut AsyncPgConnection,
    event: &WebhookEvent,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let inserted = diesel::insert_into(webhook_events::table)
        .values((
            webhook_events::id.eq(&event.id),
            webhook_events::event_type.eq(&event.kind),
            webhook_events::provider_id.eq(event.provider_id.as_deref()),
            webhook_events::occurred_at.eq(event.occurred_at),
            webhook_events::received_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .prepared()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

/// Notes on the mail what became of it, unless something newer is noted there. The mail may not be known as sent yet:
/// then it is noted with that.
pub(crate) async fn note_delivery(
    conn: &mut AsyncPgConnection,
    provider_id: &str,
    kind: &str,
    occurred_at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(messages::table)
        .filter(messages::provider_id.eq(provider_id))
        .filter(
            messages::delivery_at
                .is_null()
                .or(messages::delivery_at.lt(occurred_at)),
        )
        .set((
            messages::delivery.eq(kind),
            messages::delivery_at.eq(occurred_at),
        ))
        .prepared()
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
