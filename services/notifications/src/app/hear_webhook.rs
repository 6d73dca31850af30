//! The provider tells what became of a mail.

use diesel_async::AsyncConnection as _;

use super::Error;
use crate::domain::webhook_event::WebhookEvent;
use crate::startup::AppState;
use crate::store;
use crate::store::messages::RECIPIENT_INDEX;

/// Notes what was told, once however often it is told and in whatever order. An address that cannot be reached, or
/// whose owner does not want our mail, gets no more.
pub(crate) async fn hear_webhook(state: &AppState, event: &WebhookEvent) -> Result<(), Error> {
    if event.was_known() {
        state.counters.told(&event.kind);
        return Ok(());
    }
    let now = state.clock.now();
    let indexes: Vec<Vec<u8>> = event
        .recipients
        .iter()
        .map(|address| state.pii.index().of(RECIPIENT_INDEX, &address.canonical()))
        .collect();
    let mut conn = state.db.get().await?;
    let (is_news, suppressed) = conn
        .transaction(async |conn| {
            if let Some(provider_id) = &event.provider_id {
                store::webhook_events::take_turn(conn, provider_id).await?;
            }
            if !store::webhook_events::insert(conn, event, now).await? {
                return Ok::<_, Error>((false, 0));
            }
            if let Some(provider_id) = &event.provider_id {
                let (kind, at) = (event.kind.as_str(), event.occurred_at);
                store::webhook_events::note_delivery(conn, provider_id, kind, at).await?;
            }
            let mut suppressed = 0;
            if let Some(reason) = event.suppression() {
                for index in &indexes {
                    let is_new = store::webhook_events::suppress(conn, index, reason, now).await?;
                    suppressed += usize::from(is_new);
                }
            }
            Ok((true, suppressed))
        })
        .await?;
    if is_news {
        state.counters.told(&event.kind);
    }
    if let Some(reason) = event.suppression().filter(|_| suppressed > 0) {
        let (provider_id, reason) = (event.provider_id.as_deref(), reason.name());
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
