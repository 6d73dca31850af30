//! What is asked of a payment provider about disputes, whoever it is.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use url::Url;

use super::gateway::GatewayError;
use crate::domain::dispute::DisputeStatus;

/// Tells of disputes and takes the shop's answers. Like every call to the provider, none is repeated here.
#[async_trait]
pub(crate) trait DisputeGateway: Send + Sync + 'static {
    /// Asks how a dispute stands, by the provider's number for it;
    /// [`Refusal::NotFound`](super::gateway::Refusal::NotFound) if the provider does not know it.
    async fn fetch_dispute(&self, id: &str) -> Result<GatewayDispute, GatewayError>;

    /// Asks for all disputes that were opened at this time or later.
    async fn list_disputes(&self, from: DateTime<Utc>)
    -> Result<Vec<GatewayDispute>, GatewayError>;

    /// Asks where a file for a dispute can be sent to.
    async fn dispute_upload(&self, id: &str, file_name: &str) -> Result<Upload, GatewayError>;

    /// Sends a file there. The same file may be sent again.
    async fn send_file(&self, to: &Url, pdf: Vec<u8>) -> Result<(), GatewayError>;

    /// Says what speaks for the shop. Said twice, the provider keeps both.
    async fn add_evidence(&self, id: &str, evidence: &Evidence<'_>) -> Result<(), GatewayError>;

    /// Answers a dispute, which ends it for the shop. A dispute is answered once: another answer is refused.
    async fn resolve_dispute(
        &self,
        id: &str,
        answer: &GatewayAnswer<'_>,
    ) -> Result<(), GatewayError>;
}

/// A dispute as the provider describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GatewayDispute {
    /// The provider's number for it.
    pub(crate) id: String,
    /// None for a word that is new to us.
    pub(crate) status: Option<DisputeStatus>,
    /// In the provider's word.
    pub(crate) resolution: Option<String>,
    /// What is wanted back, in hundredths.
    pub(crate) amount_minor: i64,
    /// As the provider names it.
    pub(crate) currency: String,
    /// Our name for the transaction.
    pub(crate) reference: String,
    /// Whether the transaction is reversed, or about to be.
    pub(crate) is_reversed: bool,
    pub(crate) category: Option<String>,
    pub(crate) note: Option<String>,
    /// `test` or `live`; none if it is not said.
    pub(crate) domain: Option<String>,
    pub(crate) due_at: Option<DateTime<Utc>>,
    pub(crate) opened_at: Option<DateTime<Utc>>,
    pub(crate) resolved_at: Option<DateTime<Utc>>,
    /// What speaks for the shop, if it was said: the words about the service.
    pub(crate) service_details: Option<String>,
}

/// Where a file is sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upload {
    pub(crate) url: Url,
    /// The provider's name for the file.
    pub(crate) file: String,
}

/// What speaks for the shop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence<'a> {
    pub(crate) customer_email: &'a str,
    pub(crate) customer_name: &'a str,
    pub(crate) customer_phone: &'a str,
    pub(crate) service_details: &'a str,
    pub(crate) delivery_address: Option<&'a str>,
    /// A date.
    pub(crate) delivery_date: Option<&'a str>,
}

/// What the shop answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GatewayAnswer<'a> {
    pub(crate) gives_in: bool,
    pub(crate) message: &'a str,
    /// What goes back, in hundredths.
    pub(crate) refund_minor: i64,
    /// The provider's name for the file that was sent.
    pub(crate) file: &'a str,
}
