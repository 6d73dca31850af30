//! Writing what one step of a run came to.

use common::failpoint;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use messaging::Trail;
use messaging::leases::{self, Lease};
use serde_json::json;

use crate::app::Error;
use crate::app::attention::{self, About, Attention};
use crate::clients::gateway::ListedRefund;
use crate::domain::ids::PaymentId;
use crate::domain::observation::Observation;
use crate::startup::AppState;
use crate::store;
use crate::store::reconciliation::mismatches::NewMismatch;
use crate::store::reconciliation::runs::{Phase, Run};
use crate::store::reconciliation::staged::Source;

/// What one step of a run came to.
pub(super) struct Step {
    /// What the provider said of transactions, and how it came to say it.
    pub(super) transactions: (Vec<Observation>, Source),
    pub(super) refunds: Vec<ListedRefund>,
    pub(super) mismatches: Vec<NewMismatch>,
    /// Where the next step begins.
    pub(super) next: (Phase, Option<String>),
}

impl Step {
    /// Nothing but that the run goes on.
    pub(super) fn to(phase: Phase, position: Option<String>) -> Self {
        Self {
            transactions: (Vec::new(), Source::Asked),
            refunds: Vec::new(),
            mismatches: Vec::new(),
            next: (phase, position),
        }
    }
}

/// Writes a step whole, if this process still leads and nobody wrote it before.
pub(super) async fn write(
    state: &AppState,
    lease: &Lease,
    run: &Run,
    step: &Step,
) -> Result<(), Error> {
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        leases::fence(conn, lease).await?;
        let (transactions, source) = &step.transactions;
        store::reconciliation::staged::put_transactions(conn, run.id, transactions, *source)
            .await?;
        store::reconciliation::staged::put_refunds(conn, run.id, &step.refunds).await?;
        note(conn, &trail, run, &step.mismatches).await?;
        advance(conn, run, &step.next).await?;
        failpoint::reach("payments.reconciliation_step");
        Ok(())
    })
    .await
}

/// Notes mismatches of a run, and puts those before people that are theirs to decide.
pub(super) async fn note(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    run: &Run,
    mismatches: &[NewMismatch],
) -> Result<(), Error> {
    use store::reconciliation::mismatches as stored;
    let open = stored::insert(conn, run.id, mismatches, trail.now()).await?;
    stored::supersede(conn, &open, trail.now()).await?;
    let of_people = mismatches
        .iter()
        .filter(|mismatch| open.contains(&mismatch.id));
    for mismatch in of_people {
        let about = About {
            subject: mismatch.id,
            payment: mismatch.payment_id.map(PaymentId),
            facts: json!({
                "runId": run.id.0, "businessDate": run.business_date, "class": mismatch.class,
                "reference": mismatch.reference, "gatewayId": mismatch.gateway_id,
            }),
        };
        attention::call(conn, trail, Attention::Reconciliation, about).await?;
    }
    Ok(())
}

/// Notes where the next step begins. A step that somebody else has written is written by nobody again.
pub(super) async fn advance(
    conn: &mut AsyncPgConnection,
    run: &Run,
    (phase, position): &(Phase, Option<String>),
) -> Result<(), Error> {
    let next = (*phase, position.as_deref());
    if store::reconciliation::runs::advance(conn, run, next, None).await? {
        Ok(())
    } else {
        Err(Error::Busy("another process went on with this run"))
    }
}
