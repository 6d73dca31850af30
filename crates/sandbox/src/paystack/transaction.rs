//! A transaction: what was asked for, and what became of it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use money::Currency;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::card::{Card, RefundFate};

/// How a customer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A card.
    Card,
    /// Direct debit of a bank account.
    Bank,
    /// Apple Pay.
    ApplePay,
    /// A code dialled on a phone.
    Ussd,
    /// A code that is scanned.
    Qr,
    /// A wallet on a phone.
    MobileMoney,
    /// A transfer to an account made for this payment.
    BankTransfer,
    /// A transfer by the customer's bank, in South Africa.
    Eft,
    /// Capitec Pay.
    CapitecPay,
    /// PayAttitude.
    Payattitude,
}

/// Where a transaction stands. All states that the vendor documents, and the one that was only seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The customer did not pay yet, and may never.
    Abandoned,
    /// The customer is acting.
    Ongoing,
    /// It is in progress.
    Pending,
    /// As `Pending`, for direct debit.
    Processing,
    /// It waits in a bulk charge.
    Queued,
    /// The attempt failed.
    Failed,
    /// It is paid.
    Success,
    /// It was paid, and a refund of it is under way.
    ReversalPending,
    /// It was paid, and given back.
    Reversed,
}

/// What a merchant asks for.
#[derive(Debug)]
pub struct Ask {
    /// The customer.
    pub email: String,
    /// How much, in subunits.
    pub amount: i64,
    /// Of what.
    pub currency: Currency,
    /// The merchant's name for it, if it has one.
    pub reference: Option<String>,
    /// Where the customer is sent afterwards.
    pub callback_url: Option<String>,
    /// How the customer may pay; anyhow if empty.
    pub channels: Vec<Channel>,
    /// As it will be shown.
    pub metadata: Option<Box<RawValue>>,
}

/// A transaction. Cheap to clone: what was asked for is shared.
#[derive(Debug, Clone)]
pub struct Transaction {
    /// The vendor's number.
    pub id: u64,
    /// What merchant and vendor call it, forever.
    pub reference: Arc<str>,
    /// What the checkout page calls it.
    pub access_code: Arc<str>,
    /// What was asked for.
    pub ask: Arc<Ask>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Where it stands.
    pub status: Status,
    /// How the customer last tried to pay.
    pub channel: Channel,
    /// What the bank said, for people.
    pub gateway_response: &'static str,
    /// What is charged; differs from what was asked for if a fault says so.
    pub amount: i64,
    /// Of what.
    pub currency: Currency,
    /// What the vendor keeps of it, once it is paid.
    pub fees: Option<i64>,
    /// When it was paid.
    pub paid_at: Option<DateTime<Utc>>,
    /// With which card.
    pub card: Option<&'static Card>,
    /// The customer's address.
    pub ip_address: Option<Arc<str>>,
    /// Tries to pay.
    pub tries: Tries,
    /// What becomes of refunds.
    pub refund_fate: RefundFate,
    /// The sum of refunds that did not fail.
    pub refunded: i64,
    /// Refunds under way.
    pub refunding: u32,
    /// Whether a dispute of it was lost.
    pub is_charged_back: bool,
    /// The settlement that it is part of.
    pub settlement: Option<u64>,
}

/// The customer's tries to pay.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tries {
    /// When the first was.
    pub began_at: Option<DateTime<Utc>>,
    /// When the last was.
    pub ended_at: Option<DateTime<Utc>>,
    /// How many.
    pub count: u32,
    /// How many of them failed.
    pub failed: u32,
}

impl Channel {
    /// The vendor's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Bank => "bank",
            Self::ApplePay => "apple_pay",
            Self::Ussd => "ussd",
            Self::Qr => "qr",
            Self::MobileMoney => "mobile_money",
            Self::BankTransfer => "bank_transfer",
            Self::Eft => "eft",
            Self::CapitecPay => "capitec_pay",
            Self::Payattitude => "payattitude",
        }
    }

    /// What the bank says when it worked. Different on purpose: no program may compare it.
    #[must_use]
    pub fn approval(self) -> &'static str {
        match self {
            Self::Card => "Successful",
            Self::BankTransfer => "Approved",
            Self::Ussd => "Payment successful",
            _ => "Approved by Financial Institution",
        }
    }
}

impl Status {
    /// How many there are.
    pub const COUNT: usize = 9;

    /// The vendor's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Ongoing => "ongoing",
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Queued => "queued",
            Self::Failed => "failed",
            Self::Success => "success",
            Self::ReversalPending => "reversal-pending",
            Self::Reversed => "reversed",
        }
    }

    /// Its place among all.
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Abandoned => 0,
            Self::Ongoing => 1,
            Self::Pending => 2,
            Self::Processing => 3,
            Self::Queued => 4,
            Self::Failed => 5,
            Self::Success => 6,
            Self::ReversalPending => 7,
            Self::Reversed => 8,
        }
    }

    /// Whether the customer paid, whatever came then.
    #[must_use]
    pub fn is_paid(self) -> bool {
        matches!(self, Self::Success | Self::ReversalPending | Self::Reversed)
    }
}

impl Transaction {
    /// Whether the customer may pay this way.
    #[must_use]
    pub fn takes(&self, channel: Channel) -> bool {
        self.ask.channels.is_empty() || self.ask.channels.contains(&channel)
    }

    /// What can still be refunded.
    #[must_use]
    pub fn refundable(&self) -> i64 {
        self.amount - self.refunded
    }

    /// What its refunds make of it, once it is paid: `reversed` if all went back, `success` if none or a part did.
    /// Where a partial refund ends is not documented. A lost dispute reverses it even if it was about a part.
    pub fn settle_refunds(&mut self) {
        self.status = if self.is_charged_back {
            Status::Reversed
        } else if self.refunding > 0 {
            Status::ReversalPending
        } else if self.refundable() <= 0 {
            Status::Reversed
        } else {
            Status::Success
        };
    }

    /// Counts a try to pay.
    pub fn try_now(&mut self, channel: Channel, is_failed: bool, now: DateTime<Utc>) {
        self.channel = channel;
        self.tries.began_at.get_or_insert(now);
        self.tries.ended_at = Some(now);
        self.tries.count += 1;
        self.tries.failed += u32::from(is_failed);
    }

    /// About how much memory it takes.
    #[must_use]
    pub fn size(&self) -> usize {
        let ask = &self.ask;
        let texts = [
            ask.email.len(),
            ask.callback_url.as_ref().map_or(0, String::len),
            ask.metadata.as_ref().map_or(0, |raw| raw.get().len()),
            self.reference.len() * 2,
        ];
        1024 + texts.iter().sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_those_of_the_vendor() {
        for name in [
            "abandoned",
            "ongoing",
            "pending",
            "processing",
            "queued",
            "failed",
            "success",
            "reversal-pending",
            "reversed",
        ] {
            let status: Status = serde_json::from_value(json!(name)).unwrap();
            assert_eq!(status.name(), name);
            assert!(status.index() < Status::COUNT);
        }
        for name in ["card", "bank_transfer", "mobile_money", "apple_pay", "eft"] {
            let channel: Channel = serde_json::from_value(json!(name)).unwrap();
            assert_eq!(channel.name(), name);
        }
    }
}
