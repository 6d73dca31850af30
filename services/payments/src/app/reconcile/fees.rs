//! Booking fees that the provider told of after the payment.

use diesel_async::AsyncConnection as _;
use messaging::leases::{self, Lease};
use serde_json::json;

use super::look::Looked;
use crate::app::{Error, PAYMENT};
use crate::domain::fees;
use crate::domain::ledger::Booking;
use crate::domain::reconciliation::payment::Theirs;
use crate::startup::AppState;
use crate::store;
use crate::store::ledger::BookedFor;

/// Books what the provider took of a payment, if nothing was booked before.
pub(super) async fn book_late(
    state: &AppState,
    lease: &Lease,
    looked: &Looked,
) -> Result<(), Error> {
    let Theirs::Seen { seen, .. } = &looked.theirs else {
        return Ok(());
    };
    let Some(fees_minor) = fees::believable(seen.fees_minor, seen.paid_minor) else {
        return Ok(());
    };
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        leases::fence(conn, lease).await?;
        let payment = store::payments::lock(conn, looked.payment.id).await?;
        let payment = payment.ok_or(Error::NotFound(PAYMENT))?;
        let capture = payment.capture.as_ref();
        let Some(capture) = capture.filter(|capture| capture.fees_minor.is_none()) else {
            return Ok(());
        };
        store::payments::note_fees(conn, payment.id, fees_minor).await?;
        if fees_minor > 0 {
            let booked_for = BookedFor {
                payment: payment.id,
                refund: None,
                currency: &capture.currency,
                now: trail.now(),
            };
            store::ledger::book(conn, booked_for, &Booking::late_fees(fees_minor)).await?;
        }
        let facts = json!({ "feesMinor": fees_minor, "currency": capture.currency });
        let entity = (PAYMENT, payment.id.to_string());
        trail
            .audit_system(conn, "payment.fees_booked", entity, facts)
            .await?;
        Ok(())
    })
    .await
}
