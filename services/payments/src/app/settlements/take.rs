//! Reading the transactions of a settlement.

use common::failpoint;
use diesel_async::AsyncConnection as _;
use messaging::leases::{self, Lease};

use crate::app::Error;
use crate::startup::AppState;
use crate::store;
use crate::store::settlements::Settlement;

/// Pages that are read at most: a million transactions. A list that does not end is none.
const PAGES_MAX: u32 = 10_000;
/// Transactions that are taken out in one step.
const BATCH: i64 = 500;

/// Reads the pages that are not here yet, and takes out what is no longer among them.
pub(super) async fn take(
    state: &AppState,
    lease: &Lease,
    settlement: &Settlement,
) -> Result<(), Error> {
    let mut next = settlement
        .next_page
        .and_then(|page| u32::try_from(page).ok());
    while let Some(page) = next {
        if page > PAGES_MAX {
            return Err(Error::Bug("the transactions do not end".to_owned()));
        }
        next = take_page(state, lease, settlement, page).await?;
    }
    while drop_some(state, lease, settlement).await? {}
    Ok(())
}

/// Reads a page; answers which one comes next.
async fn take_page(
    state: &AppState,
    lease: &Lease,
    settlement: &Settlement,
    page: u32,
) -> Result<Option<u32>, Error> {
    // No connection is held while the provider is waited for.
    let listed = state
        .gateway
        .list_settled(&settlement.gateway_id, page)
        .await?;
    let (id, revision) = (settlement.id, settlement.revision);
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        leases::fence(conn, lease).await?;
        let news =
            store::settlement_transactions::note_page(conn, id, revision, &listed.rows).await?;
        // A page that says nothing new is that of a list which does not turn its pages.
        let is_over = listed.is_empty || (news == 0 && !listed.rows.is_empty());
        let next = (!is_over).then_some(page + 1);
        store::settlements::set_next_page(conn, id, next).await?;
        failpoint::reach("payments.settlement_page");
        Ok(next)
    })
    .await
}

/// Takes some transactions out that are no longer part of the settlement; answers whether there may be more.
async fn drop_some(
    state: &AppState,
    lease: &Lease,
    settlement: &Settlement,
) -> Result<bool, Error> {
    let (id, revision) = (settlement.id, settlement.revision);
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        leases::fence(conn, lease).await?;
        let gone = store::settlement_transactions::drop_some(conn, id, revision, BATCH).await?;
        if gone.transactions == 0 {
            return Ok(false);
        }
        store::settlement_transactions::unsettle(conn, id, &gone.payments).await?;
        Ok(true)
    })
    .await
}
