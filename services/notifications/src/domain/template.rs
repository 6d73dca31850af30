//! Which mails there are.

use std::fmt;
use std::str::FromStr;

use events::auth::MailKind;

/// A kind of mail: its name is that of its files under `templates/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Template {
    /// About an account; auth tells what it says.
    Account(MailKind),
    /// About an order; orders tells what it says.
    Order(OrderMail),
    /// To finance: how the payments of a day compare with what the payment provider says. Its event tells all of it.
    Reconciliation,
}

/// A kind of mail about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum OrderMail {
    /// It is paid; the invoice is attached.
    Confirmation,
    /// It was paid when its goods were gone, and the money goes back.
    Unallocated,
    /// It was given up before it was paid.
    Cancelled,
    /// It is on its way.
    Shipped,
    /// It has arrived.
    Delivered,
    /// Money went back.
    Refund,
    /// A credit note is issued; it is attached.
    CreditNote,
    /// To the merchant: it is paid.
    MerchantPaid,
    /// To the merchant: it was paid when its goods were gone.
    MerchantUnallocated,
    /// To the merchant: a buyer's bank wants money back.
    MerchantDisputed,
    /// To the merchant: a dispute is to be answered soon.
    MerchantDisputeDue,
    /// To the merchant: how a dispute ended.
    MerchantDisputeDecided,
}

impl OrderMail {
    const ALL: [Self; 12] = [
        Self::Confirmation,
        Self::Unallocated,
        Self::Cancelled,
        Self::Shipped,
        Self::Delivered,
        Self::Refund,
        Self::CreditNote,
        Self::MerchantPaid,
        Self::MerchantUnallocated,
        Self::MerchantDisputed,
        Self::MerchantDisputeDue,
        Self::MerchantDisputeDecided,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Confirmation => "order_confirmation",
            Self::Unallocated => "order_unallocated",
            Self::Cancelled => "order_cancelled",
            Self::Shipped => "order_shipped",
            Self::Delivered => "order_delivered",
            Self::Refund => "refund_processed",
            Self::CreditNote => "credit_note",
            Self::MerchantPaid => "merchant_order_paid",
            Self::MerchantUnallocated => "merchant_order_unallocated",
            Self::MerchantDisputed => "merchant_dispute_opened",
            Self::MerchantDisputeDue => "merchant_dispute_reminded",
            Self::MerchantDisputeDecided => "merchant_dispute_resolved",
        }
    }

    /// Whether it goes to the merchant and not to the buyer.
    pub(crate) fn is_for_merchant(self) -> bool {
        matches!(
            self,
            Self::MerchantPaid
                | Self::MerchantUnallocated
                | Self::MerchantDisputed
                | Self::MerchantDisputeDue
                | Self::MerchantDisputeDecided
        )
    }

    /// Whether the order's invoice or credit note is attached.
    pub(crate) fn brings_document(self) -> bool {
        matches!(self, Self::Confirmation | Self::CreditNote)
    }
}

impl Template {
    /// Every template.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let about_accounts = MailKind::ALL.into_iter().map(Self::Account);
        about_accounts
            .chain(OrderMail::ALL.into_iter().map(Self::Order))
            .chain([Self::Reconciliation])
    }

    /// The name in files, JSON, SQL and the provider's keys.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Account(kind) => kind.as_str(),
            Self::Order(mail) => mail.name(),
            Self::Reconciliation => "reconciliation_completed",
        }
    }

    /// Whether it goes to somebody who has just been forgotten: it is sent all the same, and the address is dropped as
    /// soon as it has left.
    pub(crate) fn is_goodbye(self) -> bool {
        self == Self::Account(MailKind::AccountErased)
    }

    /// Whether it goes out although the person it is about was forgotten.
    pub(crate) fn outlives_erasure(self) -> bool {
        self.is_goodbye() || self.is_for_merchant()
    }

    /// Whether it goes to the merchant: it is about a person's order, but neither to them nor with anything of theirs.
    pub(crate) fn is_for_merchant(self) -> bool {
        matches!(self, Self::Order(mail) if mail.is_for_merchant())
    }
}

impl From<MailKind> for Template {
    fn from(kind: MailKind) -> Self {
        Self::Account(kind)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not the name of a template")]
pub(crate) struct UnknownTemplate;

impl FromStr for Template {
    type Err = UnknownTemplate;

    fn from_str(text: &str) -> Result<Self, UnknownTemplate> {
        Self::all()
            .find(|template| template.name() == text)
            .ok_or(UnknownTemplate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_has_a_name_of_its_own() {
        for template in Template::all() {
            assert_eq!(template.name().parse(), Ok(template));
        }
        assert_eq!("newsletter".parse::<Template>(), Err(UnknownTemplate));
    }
}
