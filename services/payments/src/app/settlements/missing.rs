//! Settlements that were paid out and have not arrived at the bank.

use chrono::TimeDelta;
use diesel_async::AsyncConnection as _;
use messaging::leases::{self, Lease};
use serde_json::json;

use super::close;
use crate::app::Error;
use crate::startup::AppState;
use crate::store;

/// Settlements that people are told of in one turn.
const BATCH: i64 = 50;
/// How much older a settlement may be and still be told of: once the bank's credits are entered, those of years before are not.
const LOOKED_BACK: TimeDelta = TimeDelta::days(60);

/// Puts settlements before people for which no credit was entered in time, each once.
pub(super) async fn call_due(state: &AppState, lease: &Lease) -> Result<(), Error> {
    let days = state.settings.settlements.credit_due_days;
    if days == 0 {
        return Ok(());
    }
    let trail = state.trail();
    let before = (trail.now() - TimeDelta::days(days.into())).date_naive();
    let from = before - LOOKED_BACK;
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        leases::fence(conn, lease).await?;
        let missing = store::bank_credits::missing(conn, from, before, BATCH).await?;
        for settlement in &missing {
            let facts =
                json!({ "reason": "no_bank_credit", "settlementDate": settlement.settlement_date });
            close::call(conn, &trail, settlement, settlement.id.0, facts).await?;
        }
        Ok(())
    })
    .await
}
