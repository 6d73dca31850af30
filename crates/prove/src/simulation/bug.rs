//! Mistakes that can be planted, to see that the simulation finds them.

/// A mistake that a careless change would make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// Consumers do not note what they have applied.
    ForgetInbox,
    /// Events are acknowledged before they are applied.
    AcknowledgeEarly,
    /// An order may be cancelled while its goods are being sold.
    CancelWhileSettling,
    /// An order that has no use for a payment says nothing.
    SwallowUnwanted,
    /// Whatever was paid counts as what was due.
    AcceptAnyAmount,
    /// A refund is asked for again without looking whether the provider has it.
    RefundBlindly,
    /// What is on its way back is not counted when more is given back.
    ForgetRefundsUnderWay,
    /// Nobody looks for settlements that were interrupted.
    NeverSweep,
    /// Goods that are sold are sold again when they are asked for again.
    SellAgain,
    /// What goes back on the shelf does so each time it is heard.
    RestockAgain,
}

impl Bug {
    /// Every mistake.
    pub const ALL: [Self; 10] = [
        Self::ForgetInbox,
        Self::AcknowledgeEarly,
        Self::CancelWhileSettling,
        Self::SwallowUnwanted,
        Self::AcceptAnyAmount,
        Self::RefundBlindly,
        Self::ForgetRefundsUnderWay,
        Self::NeverSweep,
        Self::SellAgain,
        Self::RestockAgain,
    ];
}
