//! What may become of an order. Every pair of status and command has an answer: applied, already applied, or refused.

use std::str::FromStr;

use super::ids::PaymentId;

/// How far an order has come on its way to the buyer. What is paid is told apart from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// Its goods are held, and it waits to be paid.
    Pending,
    /// Paid, and to be packed.
    Processing,
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// Given up by its buyer or by staff before it was paid.
    Cancelled,
    /// Not paid in time. A late payment may still bring it back.
    Expired,
    /// Paid when its goods were gone; what was paid goes back.
    PaidUnallocated,
    /// All that was paid went back.
    Refunded,
}

/// The text names no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be one of pending, processing, shipped, delivered, cancelled, expired, paid_unallocated, refunded"
)]
pub struct UnknownStatus;

impl OrderStatus {
    /// Every status, in the order of an order's life.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Processing,
        Self::Shipped,
        Self::Delivered,
        Self::Cancelled,
        Self::Expired,
        Self::PaidUnallocated,
        Self::Refunded,
    ];

    /// Those in which nothing is owed to the buyer any more.
    pub const OVER: [Self; 5] = [
        Self::Delivered,
        Self::Cancelled,
        Self::Expired,
        Self::PaidUnallocated,
        Self::Refunded,
    ];

    /// The name in JSON and SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::PaidUnallocated => "paid_unallocated",
            Self::Refunded => "refunded",
        }
    }
}

impl FromStr for OrderStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL
            .into_iter()
            .find(|status| status.name() == text)
            .ok_or(UnknownStatus)
    }
}

/// What decides what an order may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// How far it has come.
    pub status: OrderStatus,
    /// The payment that its goods are being sold for at this moment.
    pub settling: Option<PaymentId>,
    /// The payment that settled it.
    pub settled_by: Option<PaymentId>,
}

/// What inventory made of a paid order's goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goods {
    /// They are sold to it.
    Sold,
    /// They were gone.
    Gone,
}

/// What is to become of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// This payment has come: sell the goods for it, and let nothing else happen meanwhile.
    BeginSettling(PaymentId),
    /// The goods are sold or gone.
    Settle(PaymentId, Goods),
    /// It costs nothing, and its goods are gone: there is nothing to sell and nothing to pay back.
    Forgo(PaymentId),
    /// Give it up.
    Cancel,
    /// Its hold is over.
    Expire,
    /// It leaves the house.
    Ship,
    /// It has arrived.
    Deliver,
    /// All that its settling payment was for went back.
    Refund,
}

/// What a command comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It becomes this.
    To(Stage),
    /// It is that already.
    Already,
}

/// The order's status does not allow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", refusal(*.status, *.is_settling))]
pub struct Refused {
    /// How far it has come.
    pub status: OrderStatus,
    /// Whether a payment is settling it just now.
    pub is_settling: bool,
}

fn refusal(status: OrderStatus, is_settling: bool) -> String {
    if is_settling {
        return "a payment for the order has just arrived".to_owned();
    }
    format!("the order is {}", status.name())
}

impl Stage {
    /// Whether nothing is owed to the buyer any more, and nothing is about to be.
    pub fn is_over(self) -> bool {
        OrderStatus::OVER.contains(&self.status) && self.settling.is_none()
    }

    /// What a command makes of it.
    ///
    /// # Errors
    /// [`Refused`], and then nothing may change.
    pub fn after(self, command: Command) -> Result<Change, Refused> {
        match command {
            Command::BeginSettling(payment) => self.begin_settling(payment),
            Command::Settle(payment, goods) => self.settle(payment, goods),
            Command::Forgo(payment) => self.forgo(payment),
            Command::Cancel => self.end(OrderStatus::Cancelled),
            Command::Expire => self.end(OrderStatus::Expired),
            Command::Ship => self.advance(OrderStatus::Processing, OrderStatus::Shipped),
            Command::Deliver => self.advance(OrderStatus::Shipped, OrderStatus::Delivered),
            Command::Refund => self.refund(),
        }
    }

    fn begin_settling(self, payment: PaymentId) -> Result<Change, Refused> {
        use OrderStatus as S;
        if self.settled_by == Some(payment) || self.settling == Some(payment) {
            return Ok(Change::Already);
        }
        match self.status {
            S::Pending | S::Expired if self.settling.is_none() => Ok(Change::To(Self {
                settling: Some(payment),
                ..self
            })),
            // Another payment settles it or has done so, or there is nothing left to settle.
            S::Pending
            | S::Expired
            | S::Processing
            | S::Shipped
            | S::Delivered
            | S::Cancelled
            | S::PaidUnallocated
            | S::Refunded => Err(self.refused()),
        }
    }

    fn settle(self, payment: PaymentId, goods: Goods) -> Result<Change, Refused> {
        if self.settled_by == Some(payment) {
            return Ok(Change::Already);
        }
        if self.settling != Some(payment) {
            return Err(self.refused());
        }
        Ok(Change::To(Self {
            status: match goods {
                Goods::Sold => OrderStatus::Processing,
                Goods::Gone => OrderStatus::PaidUnallocated,
            },
            settling: None,
            settled_by: Some(payment),
        }))
    }

    fn forgo(self, payment: PaymentId) -> Result<Change, Refused> {
        if self.status == OrderStatus::Cancelled {
            return Ok(Change::Already);
        }
        if self.settling != Some(payment) {
            return Err(self.refused());
        }
        Ok(Change::To(Self {
            status: OrderStatus::Cancelled,
            settling: None,
            settled_by: None,
        }))
    }

    /// Ends an order that nobody has paid.
    fn end(self, as_status: OrderStatus) -> Result<Change, Refused> {
        if self.status == as_status && self.settling.is_none() {
            return Ok(Change::Already);
        }
        if self.status != OrderStatus::Pending || self.settling.is_some() {
            return Err(self.refused());
        }
        Ok(self.to(as_status))
    }

    fn advance(self, from: OrderStatus, to: OrderStatus) -> Result<Change, Refused> {
        if self.status == to {
            return Ok(Change::Already);
        }
        if self.status != from {
            return Err(self.refused());
        }
        Ok(self.to(to))
    }

    fn refund(self) -> Result<Change, Refused> {
        use OrderStatus as S;
        match self.status {
            S::Refunded => Ok(Change::Already),
            S::Processing | S::Shipped | S::Delivered | S::PaidUnallocated => {
                Ok(self.to(S::Refunded))
            }
            S::Pending | S::Cancelled | S::Expired => Err(self.refused()),
        }
    }

    fn to(self, status: OrderStatus) -> Change {
        Change::To(Self { status, ..self })
    }

    fn refused(self) -> Refused {
        Refused {
            status: self.status,
            is_settling: self.settling.is_some(),
        }
    }
}

#[cfg(test)]
mod tests;
