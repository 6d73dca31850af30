//! Another service has forgotten a person.

use std::sync::Arc;

use diesel_async::AsyncConnection as _;
use events::shared::PrivacyErased;
use messaging::inbox::{self, Seen};
use messaging::{ConsumeError, Outcome, Received};

use super::ConsumerState;
use crate::domain::ids::PrivacyRequestId;
use crate::store::privacy_requests;

/// Notes the answer; the last one that is waited for closes the erasure.
pub(crate) async fn on_privacy_erased(
    state: Arc<ConsumerState>,
    event: Received<PrivacyErased>,
) -> Result<Outcome, ConsumeError> {
    let request = PrivacyRequestId(event.body.request_id);
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        if inbox::record(conn, &event).await? == Seen::Before {
            return Ok(Outcome::Duplicate);
        }
        // The row lock puts two last answers in order: the later one sees the earlier.
        if !privacy_requests::lock_erasure(conn, request).await? {
            return Err(ConsumeError::Hopeless(
                "no such erasure was asked for".to_owned(),
            ));
        }
        let now = state.clock.now();
        privacy_requests::note_answer(conn, request, &event.body.service, now).await?;
        let answered = privacy_requests::answers(conn, request).await?;
        if state
            .holders
            .iter()
            .all(|holder| answered.iter().any(|service| service == holder))
        {
            privacy_requests::finish_erasure(conn, request, now).await?;
        }
        Ok(Outcome::Applied)
    })
    .await
}
