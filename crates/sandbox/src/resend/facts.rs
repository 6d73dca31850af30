//! What only this vendor writes into the journal.

use serde::Serialize;
use uuid::Uuid;

use super::suppression::Reason;

/// A mail was accepted. There is exactly one such fact for each mail.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind", rename = "mail")]
pub struct MailFact<'a> {
    /// The vendor's id.
    pub id: Uuid,
    /// The recipients.
    pub to: &'a [String],
    /// The subject.
    pub subject: &'a str,
    /// Under which key it was sent.
    pub idempotency_key: Option<&'a str>,
}

/// An address was put on the list of those that are not sent to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind", rename = "suppression")]
pub struct SuppressionFact<'a> {
    /// The address.
    pub address: &'a str,
    /// Why.
    pub reason: Reason,
}
