//! What others wrote down about what really happened: the payment provider, the mail provider, and those who ordered.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::GenericClient;

/// Whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journal {
    /// The payment provider's.
    Provider,
    /// The mail provider's.
    Mail,
    /// Of those who ordered.
    Clients,
}

impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Provider => "what the payment provider did",
            Self::Mail => "what the mail provider sent",
            Self::Clients => "what the shop answered",
        })
    }
}

/// What is known from outside. What is not known is not compared.
#[derive(Debug, Clone, Default)]
pub struct Journals {
    /// What the payment provider did.
    pub provider: Option<Provider>,
    /// Every mail that was taken by the mail provider.
    pub mail: Option<Vec<Mail>>,
    /// Every attempt to order.
    pub clients: Option<Vec<ClientOp>>,
}

/// What the payment provider did.
#[derive(Debug, Clone, Default)]
pub struct Provider {
    /// Every transaction.
    pub transactions: Vec<Transaction>,
    /// Every refund.
    pub refunds: Vec<Refund>,
}

/// A transaction at the payment provider.
#[derive(Debug, Clone, Serialize)]
pub struct Transaction {
    /// Our name for it.
    pub gateway_ref: String,
    /// What was charged, in hundredths.
    pub amount: i64,
    /// Of what.
    pub currency: String,
    /// Whether the money was taken, wherever it is now.
    pub is_captured: bool,
}

/// A refund at the payment provider.
#[derive(Debug, Clone, Serialize)]
pub struct Refund {
    /// The provider's number.
    pub gateway_id: String,
    /// Of which transaction.
    pub gateway_ref: String,
    /// In hundredths.
    pub amount: i64,
    /// How far it has come, in the provider's word.
    pub status: String,
    /// The provider's number of the dispute that was lost with it.
    pub dispute: Option<String>,
}

/// A mail that the mail provider took.
#[derive(Debug, Clone, Serialize)]
pub struct Mail {
    /// The provider's id.
    pub provider_id: String,
    /// Under which key it was sent.
    pub idempotency_key: Option<String>,
}

/// An attempt to order.
#[derive(Debug, Clone, Serialize)]
pub struct ClientOp {
    /// Counts from 1.
    pub op_id: i64,
    /// Under which key.
    pub idem_key: String,
    /// The answer; none if there was none, so that nobody knows.
    pub http_status: Option<u16>,
    /// What was made.
    pub order_id: Option<String>,
    /// A hash of the answer's body, in hexadecimal.
    pub body_sha256: Option<String>,
}

/// A fact of the sandbox's journal.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Fact {
    #[serde(rename_all = "camelCase")]
    Transaction {
        reference: String,
        status: String,
        amount: i64,
        currency: String,
    },
    #[serde(rename_all = "camelCase")]
    Refund {
        id: u64,
        reference: String,
        status: String,
        amount: i64,
        dispute: Option<u64>,
    },
    #[serde(rename_all = "camelCase")]
    Mail {
        id: String,
        idempotency_key: Option<String>,
    },
    #[serde(other)]
    Other,
}

impl Journals {
    /// Whether this one is known.
    #[must_use]
    pub fn has(&self, journal: Journal) -> bool {
        match journal {
            Journal::Provider => self.provider.is_some(),
            Journal::Mail => self.mail.is_some(),
            Journal::Clients => self.clients.is_some(),
        }
    }

    /// What the sandbox's journal says of both vendors, from its first fact on.
    ///
    /// # Errors
    /// The journal has forgotten its beginning, or is not read.
    pub fn of_sandbox(entries: &[Value]) -> Result<Self> {
        let seq = |entry: &Value| entry.get("seq").and_then(Value::as_u64);
        let first = entries.first().and_then(seq).unwrap_or(1);
        ensure!(
            first == 1,
            "the sandbox has forgotten its first {} facts",
            first - 1
        );
        let mut transactions: BTreeMap<String, Transaction> = BTreeMap::new();
        let mut refunds: BTreeMap<u64, Refund> = BTreeMap::new();
        let mut mails = Vec::new();
        for entry in entries {
            match Fact::deserialize(entry)? {
                Fact::Transaction {
                    reference,
                    status,
                    amount,
                    currency,
                } => {
                    let was = transactions
                        .get(&reference)
                        .is_some_and(|one| one.is_captured);
                    let has =
                        matches!(status.as_str(), "success" | "reversal-pending" | "reversed");
                    transactions.insert(
                        reference.clone(),
                        Transaction {
                            gateway_ref: reference,
                            amount,
                            currency,
                            is_captured: was || has,
                        },
                    );
                }
                Fact::Refund {
                    id,
                    reference,
                    status,
                    amount,
                    dispute,
                } => {
                    refunds.insert(
                        id,
                        Refund {
                            gateway_id: id.to_string(),
                            gateway_ref: reference,
                            amount,
                            status,
                            dispute: dispute.map(|id| id.to_string()),
                        },
                    );
                }
                Fact::Mail {
                    id,
                    idempotency_key,
                } => mails.push(Mail {
                    provider_id: id,
                    idempotency_key,
                }),
                Fact::Other => {}
            }
        }
        Ok(Self {
            provider: Some(Provider {
                transactions: transactions.into_values().collect(),
                refunds: refunds.into_values().collect(),
            }),
            mail: Some(mails),
            clients: None,
        })
    }

    /// Whether the services know of something that a vendor did before the sandbox's journal begins. Then it is the journal of
    /// another sandbox, as each forgets everything when it ends, and proves nothing about these databases.
    ///
    /// # Errors
    /// The database does not answer, or a service's tables are not there.
    pub async fn begin_too_late(client: &impl GenericClient, entries: &[Value]) -> Result<bool> {
        const SQL: &str =
            "SELECT EXISTS (SELECT FROM payments.payments WHERE paid_at < $1::text::timestamptz)
                 OR EXISTS (SELECT FROM notifications.messages WHERE sent_at < $1::text::timestamptz)";
        let first = entries.first().and_then(|entry| entry.get("at"));
        let first = first.and_then(Value::as_str).unwrap_or("infinity");
        Ok(client.query_one(SQL, &[&first]).await?.try_get(0)?)
    }

    /// Writes what is known where the invariants read it.
    pub(super) async fn load(&self, client: &impl GenericClient) -> Result<()> {
        let provider = self.provider.clone().unwrap_or_default();
        let mail = self.mail.as_deref().unwrap_or_default();
        let clients = self.clients.as_deref().unwrap_or_default();
        for (sql, rows) in [
            (
                "INSERT INTO gw_transactions SELECT * FROM jsonb_to_recordset($1::text::jsonb)
                 AS t (gateway_ref text, amount bigint, currency text, is_captured boolean)",
                serde_json::to_string(&provider.transactions)?,
            ),
            (
                "INSERT INTO gw_refunds SELECT * FROM jsonb_to_recordset($1::text::jsonb)
                 AS t (gateway_id text, gateway_ref text, amount bigint, status text, dispute text)",
                serde_json::to_string(&provider.refunds)?,
            ),
            (
                "INSERT INTO mail_sink SELECT * FROM jsonb_to_recordset($1::text::jsonb)
                 AS t (provider_id text, idempotency_key text)",
                serde_json::to_string(mail)?,
            ),
            (
                "INSERT INTO client_ops SELECT * FROM jsonb_to_recordset($1::text::jsonb)
                 AS t (op_id bigint, idem_key text, http_status int, order_id uuid, body_sha256 text)",
                serde_json::to_string(clients)?,
            ),
        ] {
            client.execute(sql, &[&rows]).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fact(seq: u64, status: &str) -> Value {
        json!({ "seq": seq, "at": "now", "vendor": "paystack", "kind": "transaction", "id": 1, "reference": "AGP-1",
            "event": "completed", "status": status, "amount": 100, "currency": "NGN" })
    }

    #[test]
    fn what_was_taken_stays_taken_when_it_goes_back() {
        let entries = [
            fact(1, "abandoned"),
            fact(2, "success"),
            fact(3, "reversed"),
            json!({ "seq": 4, "vendor": "resend", "kind": "request", "operation": "send", "outcome": "executed" }),
        ];
        let journals = Journals::of_sandbox(&entries).unwrap();
        let provider = journals.provider.unwrap();
        assert!(provider.transactions.iter().all(|one| one.is_captured));
        assert_eq!(provider.transactions.len(), 1);
    }

    #[test]
    fn a_journal_without_its_beginning_proves_nothing() {
        assert!(Journals::of_sandbox(&[fact(2, "success")]).is_err());
    }
}
