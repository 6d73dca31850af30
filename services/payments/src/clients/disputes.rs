//! What is asked of a payment provider about disputes, whoever it is.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::gateway::GatewayError;
use crate::domain::dispute::DisputeStatus;

/// Tells of disputes. Like every call to the provider, none is repeated here.
#[async_trait]
pub(crate) trait DisputeGateway: Send + Sync + 'static {
    /// Asks how a dispute stands, by the provider's number for it;
    /// [`Refusal::NotFound`](super::gateway::Refusal::NotFound) if the provider does not know it.
    async fn fetch_dispute(&self, id: &str) -> Result<GatewayDispute, GatewayError>;

    /// Asks for all disputes that were opened at this time or later.
    async fn list_disputes(&self, from: DateTime<Utc>)
    -> Result<Vec<GatewayDispute>, GatewayError>;
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
}
