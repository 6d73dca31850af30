//! Bringing a settlement into the books, once all that it pays out is known.
//!
//! What was paid out is booked as it was paid out, whatever the books expected: what is left with the provider then is the
//! difference, and people are told of it. What was booked and is no longer so is booked back, never changed.

use common::failpoint;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use messaging::Trail;
use messaging::leases::{self, Lease};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::attention::{self, About, Attention};
use crate::app::{Error, SETTLEMENT};
use crate::domain::ledger::Booking;
use crate::domain::settlement::{self, Judgement, Rows, SettlementStatus};
use crate::startup::AppState;
use crate::store;
use crate::store::attention::Of;
use crate::store::ledger::PaidOut;
use crate::store::settlements::Settlement;

/// What became of it.
#[derive(Debug, Default)]
struct Closed {
    taken_back: Option<Uuid>,
    paid_out: Option<Uuid>,
    is_doubtful: bool,
}

/// Books what was paid out, or books back what was not after all.
pub(super) async fn close(
    state: &AppState,
    lease: &Lease,
    settlement: &Settlement,
) -> Result<(), Error> {
    let trail = state.trail();
    let (id, revision) = (settlement.id, settlement.revision);
    let mut conn = state.work_db.get().await?;
    let closed: Result<Closed, Error> = conn
        .transaction(async |conn| {
            leases::fence(conn, lease).await?;
            match store::settlements::lock_revision(conn, id, revision).await? {
                Some(settlement) => write(conn, &trail, &settlement).await,
                // It was told anew meanwhile, and is to be done again.
                None => Ok(Closed::default()),
            }
        })
        .await;
    let closed = closed?;
    for (is_so, outcome) in [
        (closed.taken_back.is_some(), "taken_back"),
        (closed.paid_out.is_some(), "paid_out"),
        (closed.is_doubtful, "doubtful"),
    ] {
        if is_so {
            state.counters.settlement(outcome);
        }
    }
    Ok(())
}

async fn write(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    settlement: &Settlement,
) -> Result<Closed, Error> {
    let id = settlement.id;
    let rows = store::settlement_transactions::sum(conn, id, &settlement.currency).await?;
    let judged = judge(conn, settlement, &rows).await?;
    let booked = settlement.booked_minor;
    let due = judged.as_ref().map_or(0, |_| settlement.told.effective);
    let before = store::settlements::last_booking(conn, id).await?;
    let mut closed = Closed {
        is_doubtful: judged.as_ref().is_some_and(Judgement::is_doubtful),
        ..Closed::default()
    };
    if booked != due && booked != 0 {
        closed.taken_back = Some(book(conn, trail, settlement, -booked).await?);
    }
    if booked != due && due != 0 {
        closed.paid_out = Some(book(conn, trail, settlement, due).await?);
    }
    store::settlements::note_done(conn, settlement, rows.count, due, judged.as_ref()).await?;
    if let Some(back) = closed.taken_back {
        let facts = json!({ "reason": "taken_back", "bookedMinor": booked });
        call(conn, trail, settlement, back, facts).await?;
    }
    // What was doubted before is so no longer, or is said anew about what is booked now.
    let is_over = !closed.is_doubtful || closed.taken_back.is_some();
    if let Some(before) = before.filter(|_| is_over) {
        let doubts = [Attention::Settlement];
        attention::close(conn, trail, Of::Subject(before), &doubts, "changed").await?;
    }
    if let Some(judged) = judged.filter(Judgement::is_doubtful) {
        let subject = closed.paid_out.or(before).unwrap_or(id.0);
        call(conn, trail, settlement, subject, doubts(&judged, &rows)).await?;
    }
    failpoint::reach("payments.settlement_booking");
    Ok(closed)
}

/// What we make of it, if it was paid out.
async fn judge(
    conn: &mut AsyncPgConnection,
    settlement: &Settlement,
    rows: &Rows,
) -> Result<Option<Judgement>, Error> {
    if settlement.status != SettlementStatus::Success {
        return Ok(None);
    }
    let (id, currency) = (settlement.id, &settlement.currency);
    let gone_back = store::settlement_transactions::gone_back(conn, id, currency).await?;
    Ok(Some(settlement::judge(&settlement.told, rows, gone_back)))
}

/// Books what was paid out, or came back; answers what the books call it.
async fn book(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    settlement: &Settlement,
    amount_minor: i64,
) -> Result<Uuid, Error> {
    let (id, now) = (settlement.id, trail.now());
    let booking = store::settlements::add_booking(conn, id, amount_minor, now).await?;
    let paid_out = PaidOut {
        booking,
        currency: &settlement.currency,
        now,
    };
    store::ledger::book_payout(conn, paid_out, &Booking::payout(amount_minor)).await?;
    let action = if amount_minor > 0 {
        "settlement.paid_out"
    } else {
        "settlement.taken_back"
    };
    let facts = json!({
        "gatewayId": settlement.gateway_id, "amountMinor": amount_minor, "currency": settlement.currency,
    });
    let entity = (SETTLEMENT, id.to_string());
    trail.audit_system(conn, action, entity, facts).await?;
    Ok(booking)
}

fn doubts(judged: &Judgement, rows: &Rows) -> Value {
    json!({
        "reason": "doubtful", "doubts": judged.doubts, "expectedMinor": judged.expected,
        "differenceMinor": judged.difference, "explainedDeductionsMinor": judged.explained,
        "capturedMinor": rows.captured, "capturedFeesMinor": rows.captured_fees,
        "rowsMinor": rows.amount, "rowFeesMinor": rows.fees, "unknownRows": rows.unknown,
    })
}

/// Puts a settlement before people, with what was told of it beside the reason.
pub(super) async fn call(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    settlement: &Settlement,
    subject: Uuid,
    mut facts: Value,
) -> Result<(), Error> {
    let told = settlement.told;
    let more = json!({
        "settlementId": settlement.id.0, "gatewayId": settlement.gateway_id, "status": settlement.status.name(),
        "currency": settlement.currency, "processedMinor": told.processed, "feesMinor": told.fees,
        "deductionsMinor": told.deductions, "effectiveMinor": told.effective,
    });
    if let (Some(facts), Value::Object(more)) = (facts.as_object_mut(), more) {
        facts.extend(more);
    }
    let about = About {
        subject,
        payment: None,
        facts,
    };
    attention::call(conn, trail, Attention::Settlement, about).await?;
    Ok(())
}
