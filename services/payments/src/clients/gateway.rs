//! What is asked of a payment provider, whoever it is.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use money::Money;
use tokio::time::Instant;

use super::disputes::DisputeGateway;
use crate::domain::ids::RefundId;
use crate::domain::observation::Observation;
use crate::domain::reference::Reference;
use crate::domain::refund::RefundStatus;
use crate::domain::settlement::{SettlementStatus, Told};
use crate::domain::window::Window;

/// Takes payments and pays them back. A trait, because providers are not ours and may be exchanged.
///
/// Every call ends within its time, and none is repeated here: whoever asked decides what an unknown outcome means.
#[async_trait]
pub(crate) trait PaymentGateway: DisputeGateway {
    /// Asks for a page on which something can be paid.
    async fn initialize(
        &self,
        checkout: &Checkout<'_>,
        patience: Patience,
    ) -> Result<Opened, GatewayError>;

    /// Asks how a payment stands; [`Refusal::NotFound`] if the provider does not know it.
    async fn verify(
        &self,
        reference: &Reference,
        patience: Patience,
    ) -> Result<Observation, GatewayError>;

    /// Asks for money to go back. There is nothing by which the provider would recognise a repetition.
    async fn refund(&self, order: &RefundOrder<'_>) -> Result<GatewayRefund, GatewayError>;

    /// Asks for everything that goes or went back of a transaction, by the provider's number for it.
    async fn list_refunds(&self, transaction: &str) -> Result<Vec<GatewayRefund>, GatewayError>;

    /// Asks how a refund stands, by the provider's number for it.
    async fn fetch_refund(&self, id: &str) -> Result<GatewayRefund, GatewayError>;

    /// Asks for a page, from 1, of what was paid out or is to be, made within a time that is over. Newest first.
    async fn list_settlements(
        &self,
        window: Window,
        page: u32,
    ) -> Result<ListedPage<GatewaySettlement>, GatewayError>;

    /// Asks for a page, from 1, of the transactions that a settlement pays out, by the provider's number for it.
    async fn list_settled(
        &self,
        settlement: &str,
        page: u32,
    ) -> Result<ListedPage<Observation>, GatewayError>;

    /// Asks for some of the transactions of a time, from where `cursor` says; without one, from the beginning.
    async fn list_transactions(
        &self,
        window: Window,
        cursor: Option<&str>,
    ) -> Result<Listed<Observation>, GatewayError>;

    /// Asks for some of the refunds of a time, from where `cursor` says; without one, from the beginning.
    async fn list_all_refunds(
        &self,
        window: Window,
        cursor: Option<&str>,
    ) -> Result<Listed<ListedRefund>, GatewayError>;
}

/// Some rows of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed<T> {
    pub(crate) rows: Vec<T>,
    /// Where the next ones begin; none if there are no more.
    pub(crate) next: Option<String>,
}

/// A refund in a list of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedRefund {
    pub(crate) refund: GatewayRefund,
    /// The provider's number for the transaction.
    pub(crate) transaction: String,
    /// When it was made, if that is said.
    pub(crate) created_at: Option<DateTime<Utc>>,
}

/// How long an answer is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// As long as any call may take.
    Usual,
    /// That long, but never beyond this time.
    Until(Instant),
}

/// Something to be paid.
#[derive(Clone, Copy)]
pub(crate) struct Checkout<'a> {
    pub(crate) reference: &'a Reference,
    pub(crate) email: &'a str,
    pub(crate) due: Money,
    pub(crate) callback_url: &'a str,
    /// Facts that the provider keeps for whoever looks at it there.
    pub(crate) order: crate::domain::ids::OrderId,
}

/// Where something can be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) authorization_url: String,
    pub(crate) access_code: String,
}

/// Money that is to go back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RefundOrder<'a> {
    pub(crate) id: RefundId,
    /// The provider's number for the transaction.
    pub(crate) transaction: &'a str,
    pub(crate) amount_minor: i64,
    /// As the provider names it.
    pub(crate) currency: &'a str,
}

/// A refund as the provider describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GatewayRefund {
    /// The provider's number for it.
    pub(crate) id: String,
    /// None for a word that is new to us.
    pub(crate) status: Option<RefundStatus>,
    pub(crate) amount_minor: i64,
    pub(crate) currency: String,
    /// What we, or whoever made it, wrote beside it.
    pub(crate) note: Option<String>,
    /// `test` or `live`; none if it is not said.
    pub(crate) domain: Option<String>,
    /// The provider's number for the dispute that was lost with it.
    pub(crate) dispute: Option<String>,
    /// When it last changed, if that is said.
    pub(crate) updated_at: Option<DateTime<Utc>>,
}

/// A page of a list that has no cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedPage<T> {
    /// Those that can be read; each that cannot was told of.
    pub(crate) rows: Vec<T>,
    /// There was nothing on it, so that nothing comes after it.
    pub(crate) is_empty: bool,
}

/// A settlement as the provider describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GatewaySettlement {
    /// The provider's number for it.
    pub(crate) id: String,
    pub(crate) status: SettlementStatus,
    /// As the provider names it.
    pub(crate) currency: String,
    pub(crate) told: Told,
    /// When it is paid out.
    pub(crate) settles_at: DateTime<Utc>,
    pub(crate) created_at: DateTime<Utc>,
    /// `test` or `live`; none if it is not said.
    pub(crate) domain: Option<String>,
}

/// Why the provider did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GatewayError {
    /// It understood and refused: nothing was done, and asking the same again cannot help.
    #[error("the payment provider refused: {message}")]
    Refused {
        why: Refusal,
        /// Its own words, without addresses.
        message: String,
    },
    /// Certainly nothing was done, and that is not the request's fault.
    #[error("the payment provider is not available: {0}")]
    Unavailable(String),
    /// Nobody knows whether it was done.
    #[error("the payment provider did not say what it did: {0}")]
    Unknown(String),
}

/// Why something was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The reference was used before.
    Duplicate,
    /// The provider does not know it.
    NotFound,
    /// All of the payment went back before.
    Reversed,
    /// Anything else.
    Other,
}

impl GatewayError {
    /// Whether the provider certainly does not know what it was asked about.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                why: Refusal::NotFound,
                ..
            }
        )
    }
}
