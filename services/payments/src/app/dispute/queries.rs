//! What staff asks about disputes.

use crate::app::Error;
use crate::domain::dispute::DisputeStatus;
use crate::domain::ids::DisputeId;
use crate::startup::AppState;
use crate::store;
use crate::store::dispute_history::HistoryRow;
use crate::store::disputes::Dispute;

/// Some disputes, newest first, and the one that the next ones come after.
pub(crate) async fn list_disputes(
    state: &AppState,
    status: Option<DisputeStatus>,
    after: Option<DisputeId>,
    limit: usize,
) -> Result<(Vec<Dispute>, Option<DisputeId>), Error> {
    let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut conn = state.db.get().await?;
    let mut rows = store::disputes::list(&mut conn, status, after, one_more).await?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(|last| last.id);
    Ok((rows, next))
}

/// A dispute and what became of it.
pub(crate) async fn get_dispute(
    state: &AppState,
    id: DisputeId,
) -> Result<(Dispute, Vec<HistoryRow>), Error> {
    let mut conn = state.db.get().await?;
    let dispute = store::disputes::find(&mut conn, id).await?;
    let dispute = dispute.ok_or(Error::NotFound("dispute"))?;
    let history = store::dispute_history::of(&mut conn, id).await?;
    Ok((dispute, history))
}
