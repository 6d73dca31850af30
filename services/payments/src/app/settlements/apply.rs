//! What follows from a settlement for the payments that it pays out: when they were, and which fees were taken in the end.

use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use messaging::Trail;
use messaging::leases::{self, Lease};

use crate::app::{Error, PAYMENT, confirm};
use crate::domain::fees;
use crate::domain::ids::PaymentId;
use crate::domain::ledger::Booking;
use crate::domain::settlement::SettlementStatus;
use crate::startup::AppState;
use crate::store;
use crate::store::ledger::BookedFor;
use crate::store::settlement_transactions::Settled;
use crate::store::settlements::Settlement;

/// Payments that are brought up to date in one step.
const BATCH: i64 = 200;
/// Payments that the provider is asked about in one turn because it pays them out and we do not know them to be paid.
const ASKED_MAX: i64 = 50;

/// Brings all payments of a settlement up to date, step by step.
pub(super) async fn apply(
    state: &AppState,
    lease: &Lease,
    settlement: &Settlement,
) -> Result<(), Error> {
    if settlement.status == SettlementStatus::Success {
        confirm_unpaid(state, settlement).await?;
    }
    while apply_some(state, lease, settlement).await? {}
    Ok(())
}

/// What is paid out was paid: whatever we missed of that is asked for now, so that the books know it before they are compared.
async fn confirm_unpaid(state: &AppState, settlement: &Settlement) -> Result<(), Error> {
    let unpaid = {
        let mut conn = state.work_db.get().await?;
        store::settlement_transactions::unpaid(&mut conn, settlement.id, ASKED_MAX).await?
    };
    for id in unpaid {
        let payment = {
            let mut conn = state.work_db.get().await?;
            store::payments::find(&mut conn, id).await?
        };
        let payment = payment.ok_or(Error::NotFound(PAYMENT))?;
        confirm::confirm(state, &state.work_db, payment).await?;
    }
    Ok(())
}

async fn apply_some(
    state: &AppState,
    lease: &Lease,
    settlement: &Settlement,
) -> Result<bool, Error> {
    let trail = state.trail();
    let id = settlement.id;
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        leases::fence(conn, lease).await?;
        let some = store::settlement_transactions::lock_some(conn, id, BATCH).await?;
        if some.is_empty() {
            return Ok(false);
        }
        let payments: Vec<PaymentId> = some.iter().map(|settled| settled.payment).collect();
        if settlement.status == SettlementStatus::Success {
            for settled in &some {
                book_fees(conn, &trail, settled).await?;
            }
            let at = settlement.settles_at;
            store::settlement_transactions::settle(conn, id, &payments, at).await?;
        } else {
            store::settlement_transactions::unsettle(conn, id, &payments).await?;
        }
        Ok(true)
    })
    .await
}

/// Books other fees than those of the capture, once for each payment and only if the provider's own row says so.
async fn book_fees(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    settled: &Settled,
) -> Result<(), Error> {
    let Some((paid, currency)) = &settled.captured else {
        return Ok(());
    };
    let is_ours = *paid == settled.amount_minor && *currency == settled.currency;
    let told = fees::believable(settled.fees_minor, *paid).filter(|_| is_ours);
    let difference = told.map_or(0, |told| told - settled.captured_fees_minor);
    if difference == 0 || settled.has_late_fees {
        return Ok(());
    }
    let booked_for = BookedFor {
        payment: settled.payment,
        refund: None,
        currency,
        now: trail.now(),
    };
    store::ledger::book(conn, booked_for, &Booking::late_fees(difference)).await?;
    let fees_minor = settled.captured_fees_minor + difference;
    store::settlement_transactions::note_fees(conn, settled.payment, fees_minor).await?;
    Ok(())
}
