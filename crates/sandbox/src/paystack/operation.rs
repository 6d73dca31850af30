//! What can be asked of the vendor, as faults and the journal name it.

use serde::{Deserialize, Serialize};

/// One thing that the vendor does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Operation {
    /// `POST /transaction/initialize`.
    Initialize,
    /// `GET /transaction/verify/:reference`.
    Verify,
    /// `GET /transaction`.
    ListTransactions,
    /// `GET /transaction/:id`.
    FetchTransaction,
    /// `POST /refund`.
    Refund,
    /// `GET /refund`.
    ListRefunds,
    /// `GET /refund/:id`.
    FetchRefund,
    /// `POST /refund/retry_with_customer_details/:id`.
    RetryRefund,
    /// `GET /dispute`.
    ListDisputes,
    /// `GET /dispute/:id`.
    FetchDispute,
    /// `GET /dispute/transaction/:id`.
    TransactionDisputes,
    /// `PUT /dispute/:id`.
    UpdateDispute,
    /// `POST /dispute/:id/evidence`.
    AddEvidence,
    /// `GET /dispute/:id/upload_url`.
    UploadUrl,
    /// `PUT /dispute/:id/resolve`.
    ResolveDispute,
    /// `GET /settlement`.
    ListSettlements,
    /// `GET /settlement/:id/transactions`.
    SettlementTransactions,
    /// `GET /balance`.
    Balance,
    /// A customer tries to pay, on the checkout page or by the control.
    Complete,
    /// A customer's bank opens a dispute or reminds of it, by the control.
    Dispute,
    /// Every webhook.
    Webhook,
    /// Something that is not offered here.
    #[serde(skip)]
    Unknown,
}

impl Operation {
    /// Its name, as in the fault plan.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Initialize => "initialize",
            Self::Verify => "verify",
            Self::ListTransactions => "listTransactions",
            Self::FetchTransaction => "fetchTransaction",
            Self::Refund => "refund",
            Self::ListRefunds => "listRefunds",
            Self::FetchRefund => "fetchRefund",
            Self::RetryRefund => "retryRefund",
            Self::ListDisputes => "listDisputes",
            Self::FetchDispute => "fetchDispute",
            Self::TransactionDisputes => "transactionDisputes",
            Self::UpdateDispute => "updateDispute",
            Self::AddEvidence => "addEvidence",
            Self::UploadUrl => "uploadUrl",
            Self::ResolveDispute => "resolveDispute",
            Self::ListSettlements => "listSettlements",
            Self::SettlementTransactions => "settlementTransactions",
            Self::Balance => "balance",
            Self::Complete => "complete",
            Self::Dispute => "dispute",
            Self::Webhook => "webhook",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it causes webhooks, or is one.
    #[must_use]
    pub fn tells(self) -> bool {
        matches!(
            self,
            Self::Initialize
                | Self::Complete
                | Self::Refund
                | Self::RetryRefund
                | Self::ResolveDispute
                | Self::Dispute
                | Self::Webhook
        )
    }

    /// Whether it charges, tells or shows what was paid.
    #[must_use]
    pub fn shows_money(self) -> bool {
        matches!(
            self,
            Self::Initialize
                | Self::Complete
                | Self::Verify
                | Self::FetchTransaction
                | Self::ListTransactions
                | Self::SettlementTransactions
                | Self::Webhook
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_fault_plan() {
        for name in [
            "initialize",
            "verify",
            "listTransactions",
            "fetchTransaction",
            "refund",
            "listRefunds",
            "fetchRefund",
            "retryRefund",
            "listDisputes",
            "fetchDispute",
            "transactionDisputes",
            "updateDispute",
            "addEvidence",
            "uploadUrl",
            "resolveDispute",
            "listSettlements",
            "settlementTransactions",
            "balance",
            "complete",
            "dispute",
            "webhook",
        ] {
            let operation: Operation = serde_json::from_str(&format!("{name:?}")).unwrap();
            assert_eq!(operation.name(), name);
        }
        assert!(serde_json::from_str::<Operation>("\"unknown\"").is_err());
    }
}
