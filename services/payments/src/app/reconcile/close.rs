//! Ending a run: everything is added up, what the provider said is removed, and others are told.

use common::failpoint;
use diesel_async::AsyncConnection as _;
use events::reconciliation::{ClassTotal, CurrencyTotal, ReconciliationCompleted};
use messaging::leases::{self, Lease};
use money::SignedAmount;
use serde_json::json;

use super::RUN;
use super::step;
use crate::app::Error;
use crate::startup::AppState;
use crate::store::reconciliation::report::{self, ClassCount, Total};
use crate::store::reconciliation::runs::{self, Phase, Run};
use crate::store::reconciliation::staged;

/// Rows that are removed in one step.
const ROWS: i64 = 5_000;

/// Adds up what the provider took and gave back on the business date.
pub(super) async fn add_up(state: &AppState, lease: &Lease, run: &Run) -> Result<(), Error> {
    let day = state
        .settings
        .reconciliation
        .calendar
        .day(run.business_date);
    let domain = state.settings.paystack.mode.domain();
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        leases::fence(conn, lease).await?;
        report::add_up(conn, run.id, day, domain).await?;
        step::advance(conn, run, &(Phase::Clear, None)).await
    })
    .await
}

/// Removes some of what the provider said; when nothing is left, the run is over, and that is told.
pub(super) async fn clear(state: &AppState, lease: &Lease, run: &Run) -> Result<(), Error> {
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    let is_over: Result<bool, Error> = conn
        .transaction(async |conn| {
            leases::fence(conn, lease).await?;
            if staged::clear(conn, run.id, ROWS).await? > 0 {
                step::advance(conn, run, &(Phase::Clear, None)).await?;
                return Ok(false);
            }
            let now = trail.now();
            if !runs::advance(conn, run, (Phase::Done, None), Some(now)).await? {
                return Err(Error::Busy("another process went on with this run"));
            }
            let totals = report::totals(conn, run.id).await?;
            let classes = report::classes(conn, run.id).await?;
            let open: i64 = classes.iter().map(|class| class.open).sum();
            let event = ReconciliationCompleted {
                run_id: run.id.0,
                business_date: run.business_date,
                kind: run.kind.name().to_owned(),
                window_from: run.window.from,
                window_to: run.window.to,
                totals: totals.iter().map(currency_total).collect(),
                classes: classes.iter().map(class_total).collect(),
            };
            trail.event(conn, &event, 1).await?;
            let facts =
                json!({ "businessDate": run.business_date, "kind": run.kind.name(), "open": open });
            let entity = (RUN, run.id.to_string());
            trail
                .audit_system(conn, "reconciliation.completed", entity, facts)
                .await?;
            failpoint::reach("payments.reconciliation_ending");
            Ok(true)
        })
        .await;
    if is_over? {
        tracing::info!(run.id = %run.id, date = %run.business_date, "the payments of {} are compared", run.business_date);
    }
    Ok(())
}

fn currency_total(total: &Total) -> CurrencyTotal {
    CurrencyTotal {
        currency: total.currency.clone(),
        transactions: total.transactions,
        gross: SignedAmount::from_minor(total.gross_minor),
        fees: SignedAmount::from_minor(total.fees_minor),
        net: SignedAmount::from_minor(total.net_minor()),
        refunds: total.refunds,
        refunded: SignedAmount::from_minor(total.refunded_minor),
    }
}

fn class_total(class: &ClassCount) -> ClassTotal {
    ClassTotal {
        class: class.class.clone(),
        count: class.count,
        repaired: class.repaired,
        open: class.open,
    }
}
