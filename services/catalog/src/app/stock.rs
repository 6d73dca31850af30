//! Taking over what inventory says is available.

use std::collections::HashMap;

use diesel_async::AsyncConnection as _;
use events::inventory::StockChanged;
use messaging::inbox;
use messaging::{Outcome, Received};

use super::Error;
use crate::startup::AppState;
use crate::store::stock::{self, SaidStock};

/// Takes over many numbers in one transaction. A number that is older than the known one changes nothing.
pub(crate) async fn take_over(
    state: &AppState,
    events: &[Received<StockChanged>],
) -> Result<Vec<Outcome>, Error> {
    let mut conn = state.work_db.get().await?;
    let taken = conn
        .transaction(async |conn| {
            let fresh = inbox::record_all(conn, &events.iter().collect::<Vec<_>>()).await?;
            let mut newest: HashMap<_, SaidStock> = HashMap::new();
            for event in events.iter().filter(|event| fresh.contains(&event.id)) {
                let said = SaidStock {
                    variant: event.body.variant_id,
                    available: event.body.available,
                    version: event.aggregate_version,
                };
                let known = newest.entry(said.variant).or_insert(said);
                if known.version < said.version {
                    *known = said;
                }
            }
            let newest: Vec<SaidStock> = newest.into_values().collect();
            if !newest.is_empty() {
                stock::take_over(conn, &newest).await?;
            }
            let outcome = |event: &Received<StockChanged>| match fresh.contains(&event.id) {
                true => Outcome::Applied,
                false => Outcome::Duplicate,
            };
            Ok(events.iter().map(outcome).collect())
        })
        .await;
    state.answers.hear();
    taken
}
