//! Putting right what can be: through the use cases that a webhook would have called, which may be repeated. Afterwards both sides
//! are looked at once more, and what still disagrees is put before people.

use diesel_async::AsyncConnection as _;
use messaging::leases::{self, Lease};
use serde_json::json;

use super::step::{self, Step};
use super::{compare, fees, look};
use crate::app::attention::{self, About, Attention};
use crate::app::refund::follow;
use crate::app::{Error, PAYMENT, confirm};
use crate::domain::ids::PaymentId;
use crate::domain::reconciliation::class::Remedy;
use crate::startup::AppState;
use crate::store;
use crate::store::payments::{Hold, Payment};
use crate::store::reconciliation::mismatches::{self, NewMismatch, ToRepair};
use crate::store::reconciliation::runs::{Phase, Run};

/// What came of an attempt to put a mismatch right.
enum Repaired {
    /// Both sides agree about it. Beside it, something else may have come to light.
    Yes(Vec<NewMismatch>),
    /// They still disagree, for this reason.
    No(String),
}

/// Puts the next mismatch right, or goes on if there is none.
pub(super) async fn next(state: &AppState, lease: &Lease, run: &Run) -> Result<(), Error> {
    let mismatch = {
        let mut conn = state.work_db.get().await?;
        mismatches::next_to_repair(&mut conn, run.id).await?
    };
    let Some(mismatch) = mismatch else {
        return step::write(state, lease, run, &Step::to(Phase::Close, None)).await;
    };
    let repaired = match repair(state, lease, &mismatch).await {
        Ok(repaired) => repaired,
        Err(error) if is_passing(&error) => return Err(error),
        Err(error) => Repaired::No(error.to_string()),
    };
    write(state, lease, run, &mismatch, repaired).await
}

/// Whether the same may work later, so that it is no finding about the mismatch.
fn is_passing(error: &Error) -> bool {
    match error {
        Error::Gateway(error) => {
            !matches!(error, crate::clients::gateway::GatewayError::Refused { .. })
        }
        Error::Busy(_) | Error::Db(_) | Error::Fence(_) | Error::Sibling(_) => true,
        Error::NotFound(_)
        | Error::Invalid { .. }
        | Error::InvalidState(_)
        | Error::NotPossible(_)
        | Error::Taken(_)
        | Error::Crypto(_)
        | Error::Settle(_)
        | Error::Bug(_) => false,
    }
}

async fn repair(state: &AppState, lease: &Lease, mismatch: &ToRepair) -> Result<Repaired, Error> {
    const DISAGREE: &str = "both sides still disagree";
    let id = mismatch.payment.ok_or(Error::NotFound(PAYMENT))?;
    match mismatch.remedy {
        Remedy::Confirm => {
            let payment = payment(state, id).await?;
            let confirmed = confirm::confirm(state, &state.work_db, payment).await?;
            // What goes back already says so only with its refunds.
            if confirmed.payment.hold == Some(Hold::Reversed) {
                follow::follow(state, &confirmed.payment).await?;
            }
        }
        Remedy::Fees => {
            let looked = look::again(state, id).await?.ok_or(MOVES)?;
            fees::book_late(state, lease, &looked).await?;
        }
        Remedy::Refunds => {
            follow::follow(state, &payment(state, id).await?).await?;
            return check_refund(state, mismatch, DISAGREE).await;
        }
        Remedy::People => return Ok(Repaired::No("people decide".to_owned())),
    }
    let looked = look::again(state, id).await?.ok_or(MOVES)?;
    let found = compare::mismatches(&looked);
    let is_still_there = found.iter().any(|one| one.class == mismatch.class);
    Ok(if is_still_there {
        Repaired::No(DISAGREE.to_owned())
    } else {
        Repaired::Yes(found)
    })
}

const MOVES: Error = Error::Busy("it changes at this moment");

async fn payment(state: &AppState, id: PaymentId) -> Result<Payment, Error> {
    let mut conn = state.work_db.get().await?;
    let payment = store::payments::find(&mut conn, id).await?;
    payment.ok_or(Error::NotFound(PAYMENT))
}

async fn check_refund(state: &AppState, mismatch: &ToRepair, why: &str) -> Result<Repaired, Error> {
    let gateway_id = mismatch.gateway_id.clone().unwrap_or_default();
    let looked = look::refund_again(state, gateway_id).await?.ok_or(MOVES)?;
    Ok(match looked.finding {
        Some(_) => Repaired::No(why.to_owned()),
        None => Repaired::Yes(Vec::new()),
    })
}

async fn write(
    state: &AppState,
    lease: &Lease,
    run: &Run,
    mismatch: &ToRepair,
    repaired: Repaired,
) -> Result<(), Error> {
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        leases::fence(conn, lease).await?;
        match &repaired {
            Repaired::Yes(beside) => {
                mismatches::note_repaired(conn, mismatch.id, trail.now()).await?;
                step::note(conn, &trail, run, beside).await?;
            }
            Repaired::No(cause) => {
                if mismatches::note_unrepaired(conn, mismatch.id, cause).await? {
                    mismatches::supersede(conn, &[mismatch.id.0], trail.now()).await?;
                    let about = About {
                        subject: mismatch.id.0,
                        payment: mismatch.payment,
                        facts: json!({
                            "runId": run.id.0, "businessDate": run.business_date, "class": mismatch.class,
                            "gatewayId": mismatch.gateway_id, "cause": cause,
                        }),
                    };
                    attention::call(conn, &trail, Attention::Reconciliation, about).await?;
                }
            }
        }
        step::advance(conn, run, &(Phase::Repair, None)).await
    })
    .await
}
