//! Comparing refunds: what the provider listed with what we know, and what we know that it did not list.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::compare::is_short;
use super::step::Step;
use super::{facts, look, place};
use crate::app::Error;
use crate::domain::ids::{OrderId, PaymentId};
use crate::domain::reconciliation::refund::{self, Owner};
use crate::startup::AppState;
use crate::store::reconciliation::mismatches::NewMismatch;
use crate::store::reconciliation::our_refunds::{self, OurRefundRow, TransactionOwner};
use crate::store::reconciliation::ours::Place;
use crate::store::reconciliation::runs::{Phase, Run};
use crate::store::reconciliation::staged::{self, StagedRefund};

/// Refunds that are compared in one step.
const BATCH: i64 = 500;

/// What we know of some refunds that were listed.
struct Known {
    refunds: HashMap<String, OurRefundRow>,
    /// Those of ours that have no number of the provider's yet.
    awaited: HashSet<Uuid>,
    /// Whose payments the transactions are.
    owners: HashMap<String, TransactionOwner>,
}

/// A batch of what was listed.
pub(super) async fn listed(state: &AppState, run: &Run) -> Result<Step, Error> {
    let after = run.position.as_deref().unwrap_or_default();
    let refunds = {
        let mut conn = state.work_db.get().await?;
        staged::refunds(&mut conn, run.id, after, BATCH).await?
    };
    let known = known(state, run, &refunds).await?;
    let now = state.clock.now();
    let (mut doubtful, mut extra) = (Vec::new(), Vec::new());
    for one in &refunds {
        match known.refunds.get(&one.gateway_id) {
            Some(ours) if refund::judge(now, &ours.ours, Some(&one.seen)).is_some() => {
                doubtful.push(one.gateway_id.clone());
            }
            Some(_) => {}
            None => extra.extend(judge_extra(state, &known, one)),
        }
    }
    let is_last = is_short(refunds.len(), BATCH);
    let last = refunds.last().map(|one| one.gateway_id.clone());
    let mut step = Step::to_page(Phase::RefundsListed, last.filter(|_| !is_last));
    step.mismatches = again(state, doubtful).await?;
    step.mismatches.extend(extra);
    Ok(step)
}

/// What we know, read after it was listed: whatever we came to know meanwhile is in it.
async fn known(state: &AppState, run: &Run, refunds: &[StagedRefund]) -> Result<Known, Error> {
    let ids = refunds.iter().map(|one| one.gateway_id.clone()).collect();
    let notes = refunds.iter().filter_map(named).collect();
    let transactions = refunds.iter().map(|one| one.transaction.clone()).collect();
    let mut conn = state.work_db.get().await?;
    let awaited = our_refunds::awaited(&mut conn, notes).await?;
    let owners = our_refunds::owners(&mut conn, run.id, transactions).await?;
    let refunds = our_refunds::by_gateway_ids(&mut conn, ids).await?;
    let keyed = refunds.into_iter();
    Ok(Known {
        refunds: keyed
            .map(|refund| (refund.gateway_id.clone(), refund))
            .collect(),
        awaited: awaited.into_iter().collect(),
        owners: owners
            .into_iter()
            .map(|owner| (owner.gateway_id.clone(), owner))
            .collect(),
    })
}

/// The refund of ours that is named beside one.
fn named(refund: &StagedRefund) -> Option<Uuid> {
    refund.note.as_deref()?.parse().ok()
}

fn judge_extra(state: &AppState, known: &Known, one: &StagedRefund) -> Option<NewMismatch> {
    let owner = known.owners.get(&one.transaction);
    let whose = if named(one).is_some_and(|id| known.awaited.contains(&id)) {
        Owner::Awaited
    } else if owner.is_some() {
        Owner::Payment
    } else {
        Owner::Nobody
    };
    let finding = refund::judge_extra(state.clock.now(), whose, &one.seen)?;
    let owner = owner.map(|owner| (PaymentId(owner.id), OrderId(owner.order_id)));
    Some(facts::of_extra_refund(one, owner, finding))
}

/// A batch of our refunds, of which those that were not listed are asked about one by one.
pub(super) async fn unlisted(state: &AppState, run: &Run) -> Result<Step, Error> {
    let after = run.position.as_deref().map(place::read).transpose()?;
    let (rows, refunds) = {
        let mut conn = state.work_db.get().await?;
        let rows = our_refunds::scoped(&mut conn, run.id, run.window, after, BATCH).await?;
        let unlisted = rows.iter().filter(|row| !row.is_listed).map(|row| row.id);
        let refunds = our_refunds::by_ids(&mut conn, unlisted.collect()).await?;
        (rows, refunds)
    };
    let is_last = is_short(rows.len(), BATCH);
    let last = rows.last().map(|row| Place {
        at: row.at,
        id: row.id,
    });
    let next = last.filter(|_| !is_last).map(place::written);
    let ids = refunds
        .into_iter()
        .map(|refund| refund.gateway_id)
        .collect();
    let mut step = Step::to_page(Phase::RefundsUnlisted, next);
    step.mismatches = again(state, ids).await?;
    Ok(step)
}

async fn again(state: &AppState, gateway_ids: Vec<String>) -> Result<Vec<NewMismatch>, Error> {
    let looked = look::all_refunds_again(state, gateway_ids).await?;
    let mismatch =
        |one: &look::LookedRefund| one.finding.map(|finding| facts::of_refund(one, finding));
    Ok(looked.iter().filter_map(mismatch).collect())
}
