//! What a report to finance says and to whom.

use super::content::{Letter, NoLetter};
use crate::domain::address::Address;
use crate::domain::report::Report;
use crate::render::Content;
use crate::startup::AppState;
use crate::store::claims::ClaimedRow;
use crate::store::messages::RECIPIENT_INDEX;

/// The reason in rows of mails whose receiver the settings no longer name.
const NO_FINANCE: &str = "skipped: finance has this address no more";

/// By what an address is known where it must not stand in clear.
pub(crate) fn index_of(state: &AppState, address: &Address) -> String {
    let index = state.pii.index();
    hex::encode(index.of(RECIPIENT_INDEX, &address.canonical()))
}

/// The letter. Where finance is, only the settings know.
pub(super) fn letter(state: &AppState, row: &ClaimedRow) -> Result<Letter, NoLetter> {
    let facts = row.facts.clone().unwrap_or_default();
    let report: Report = serde_json::from_value(facts.clone())
        .map_err(|error| NoLetter::unmakeable(format!("what its event told: {error}")))?;
    let mut finance = state.settings.finance_emails.iter();
    let to = finance.find(|address| index_of(state, address) == report.receiver);
    let to = to.ok_or_else(|| NoLetter::not_sent(NO_FINANCE))?;
    Ok(Letter {
        to: to.as_str().to_owned(),
        content: Content {
            facts,
            ..Content::default()
        },
        attachment: None,
    })
}
