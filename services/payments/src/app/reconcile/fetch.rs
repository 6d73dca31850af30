//! Reading the provider's lists, a page with each step.

use super::step::Step;
use crate::app::Error;
use crate::startup::AppState;
use crate::store::reconciliation::runs::{Phase, Run};
use crate::store::reconciliation::staged::Source;

/// A page of transactions.
pub(super) async fn transactions(state: &AppState, run: &Run) -> Result<Step, Error> {
    let cursor = run.position.as_deref();
    let listed = state.gateway.list_transactions(run.window, cursor).await?;
    Ok(Step {
        transactions: (listed.rows, Source::Listed),
        ..Step::to_page(Phase::Transactions, listed.next)
    })
}

/// A page of refunds.
pub(super) async fn refunds(state: &AppState, run: &Run) -> Result<Step, Error> {
    let cursor = run.position.as_deref();
    let listed = state.gateway.list_all_refunds(run.window, cursor).await?;
    Ok(Step {
        refunds: listed.rows,
        ..Step::to_page(Phase::Refunds, listed.next)
    })
}

impl Step {
    /// On to the next page of a phase, or to the next phase after the last one.
    pub(super) fn to_page(phase: Phase, position: Option<String>) -> Self {
        if position.is_some() {
            Self::to(phase, position)
        } else {
            Self::to(phase.next(), None)
        }
    }
}
