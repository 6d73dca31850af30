//! Comparing payments: what the provider listed with what we know, and what we know that it did not list.

use std::collections::HashMap;

use super::facts;
use super::look::{self, Looked};
use super::place;
use super::step::Step;
use crate::app::Error;
use crate::domain::ids::PaymentId;
use crate::domain::observation::Observation;
use crate::domain::reconciliation::payment::{self, Theirs};
use crate::startup::AppState;
use crate::store::reconciliation::mismatches::NewMismatch;
use crate::store::reconciliation::ours::{self, OurPayment, Place, Scope};
use crate::store::reconciliation::runs::{Phase, Run};
use crate::store::reconciliation::staged::{self, Source, StagedTransaction};

/// Pairs that are compared in one step.
const PAIRS: i64 = 500;
/// Rows of ours that are looked through in one step, of which few were not listed.
const ROWS: i64 = 1_000;

/// A batch of what was listed.
pub(super) async fn listed(state: &AppState, run: &Run) -> Result<Step, Error> {
    let after = run.position.as_deref().unwrap_or_default();
    let (transactions, payments) = {
        let mut conn = state.work_db.get().await?;
        let listed = staged::transactions(&mut conn, run.id, after, PAIRS).await?;
        let references = listed.iter().map(|one| one.seen.reference.clone());
        let payments =
            ours::by_references(&mut conn, references.collect(), state.clock.now()).await?;
        (listed, payments)
    };
    let is_last = is_short(transactions.len(), PAIRS);
    let last = transactions.last().map(|one| one.seen.gateway_id.clone());
    let (doubtful, strangers) = judge(state, transactions, payments);
    let looked = look::all_again(state, doubtful).await?;
    let mut step = noted(&looked, Phase::Pairs, last.filter(|_| !is_last));
    step.mismatches.extend(strangers);
    Ok(step)
}

/// Which payments have to be looked at again, and which transactions are money of which we know nothing.
fn judge(
    state: &AppState,
    transactions: Vec<StagedTransaction>,
    payments: Vec<OurPayment>,
) -> (Vec<PaymentId>, Vec<NewMismatch>) {
    let terms = look::terms(state);
    let keyed = payments.into_iter();
    let known: HashMap<String, OurPayment> = keyed
        .map(|payment| (payment.reference.as_str().to_owned(), payment))
        .collect();
    let (mut doubtful, mut strangers) = (Vec::new(), Vec::new());
    for StagedTransaction { seen, is_refunded } in transactions {
        let Some(payment) = known.get(&seen.reference) else {
            let finding = payment::judge_stranger(&terms, &seen);
            strangers.extend(finding.map(|finding| facts::of_stranger(&seen, finding)));
            continue;
        };
        let theirs = Theirs::Seen { seen, is_refunded };
        if !payment::judge(&terms, &payment.ours, &theirs).is_empty() {
            doubtful.push(payment.id);
        }
    }
    (doubtful, strangers)
}

/// A batch of our payments of a scope, of which those that were not listed are asked about one by one.
pub(super) async fn unlisted(state: &AppState, run: &Run, scope: Scope) -> Result<Step, Error> {
    let after = run.position.as_deref().map(place::read).transpose()?;
    let rows = {
        let mut conn = state.work_db.get().await?;
        ours::scoped(&mut conn, run.id, (scope, run.window), after, ROWS).await?
    };
    let is_last = is_short(rows.len(), ROWS);
    let last = rows.last().map(|row| Place {
        at: row.at,
        id: row.id,
    });
    let unlisted = rows.iter().filter(|row| !row.is_listed);
    let looked = look::all_again(state, unlisted.map(|row| PaymentId(row.id)).collect()).await?;
    let next = last.filter(|_| !is_last).map(place::written);
    Ok(noted(&looked, run.phase, next))
}

/// What was found when some payments were looked at again.
fn noted(looked: &[Looked], phase: Phase, position: Option<String>) -> Step {
    let mut step = Step::to_page(phase, position);
    step.transactions = (looked.iter().filter_map(seen).collect(), Source::Asked);
    step.mismatches = looked.iter().flat_map(mismatches).collect();
    step
}

/// What the provider says now; what is another transaction of the same name is not what was listed.
fn seen(looked: &Looked) -> Option<Observation> {
    match &looked.theirs {
        Theirs::Unknown => None,
        Theirs::Seen { seen, .. } => Some(seen.clone()),
    }
}

/// Everything in which a payment disagrees.
pub(super) fn mismatches(looked: &Looked) -> Vec<NewMismatch> {
    let findings = looked.findings.iter();
    findings
        .map(|finding| facts::of_payment(looked, *finding))
        .collect()
}

/// Whether so few rows say that there are no more.
pub(super) fn is_short(rows: usize, limit: i64) -> bool {
    i64::try_from(rows).is_ok_and(|rows| rows < limit)
}
