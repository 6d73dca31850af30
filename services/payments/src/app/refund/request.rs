//! Staff gives money back.

use common::auth::CurrentUser;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::payments::RestockedLine;
use messaging::idempotency::Making;
use money::{Amount, Money};

use super::begin::{self, Wanted};
use crate::app::dispute::claims::{self, Claims};
use crate::app::{Error, PAYMENT, REFUND};
use crate::domain::ids::{OrderId, PaymentId, RefundId, UserId};
use crate::domain::refund::{self, Origin};
use crate::startup::AppState;
use crate::store;
use crate::store::payments::Payment;
use crate::store::refunds::Refund;

/// Of what something goes back.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// This payment.
    Payment(PaymentId),
    /// The payment that this order keeps.
    Order(OrderId),
}

/// What goes back.
#[derive(Debug, Clone)]
pub(crate) struct RequestRefund {
    pub(crate) target: Target,
    /// None: all that is left.
    pub(crate) amount: Option<Amount>,
    pub(crate) reason: String,
    /// Which sold lines go back on the shelf; none: what orders makes of it.
    pub(crate) restock: Option<Vec<RestockedLine>>,
}

/// Decides a refund, never above what is left, and stores the answer with it. The provider is asked later.
pub(crate) async fn request_refund(
    state: &AppState,
    caller: &CurrentUser,
    command: &RequestRefund,
    making: &Making<Refund>,
) -> Result<Refund, Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    let requested: Result<Refund, Error> = conn
        .transaction(async |conn| {
            let payment = lock(conn, command.target).await?;
            let wanted = wanted(conn, &payment, caller, command, making).await?;
            let refund = begin::begin(conn, &trail, &payment, wanted).await?;
            let entity = (REFUND, refund.id.to_string());
            let facts = begin::facts(&refund);
            trail
                .audit(conn, caller, "refund.requested", entity, facts)
                .await?;
            making.settle(conn, &refund).await?;
            Ok(refund)
        })
        .await;
    let refund = requested?;
    state.counters.refund("requested");
    state.refund_due.notify_one();
    Ok(refund)
}

async fn lock(conn: &mut AsyncPgConnection, target: Target) -> Result<Payment, Error> {
    const NOT_KEPT: Error = Error::InvalidState(
        "no order keeps the payment; the system pays such payments back by itself",
    );
    let id = match target {
        Target::Payment(id) => id,
        Target::Order(order) => {
            let all = store::payments::of_order(conn, order).await?;
            if all.is_empty() {
                return Err(Error::NotFound(PAYMENT));
            }
            let kept = all.into_iter().find(|payment| payment.is_kept);
            kept.ok_or(NOT_KEPT)?.id
        }
    };
    let payment = store::payments::lock(conn, id).await?;
    let payment = payment.ok_or(Error::NotFound(PAYMENT))?;
    if payment.is_kept {
        Ok(payment)
    } else {
        Err(NOT_KEPT)
    }
}

async fn wanted(
    conn: &mut AsyncPgConnection,
    payment: &Payment,
    caller: &CurrentUser,
    command: &RequestRefund,
    making: &Making<Refund>,
) -> Result<Wanted, Error> {
    let asked = command.amount.map(|amount| payable(payment, amount));
    let asked = asked.transpose()?;
    let refunds = store::refunds::of_payment(conn, payment.id).await?;
    let claims = claims::of_payment(conn, payment.id).await?;
    let amount_minor = unclaimed(payment, begin::taken(&refunds), claims, asked)?;
    let restock = command.restock.as_ref().map(serde_json::to_value);
    let restock = restock
        .transpose()
        .map_err(|error| Error::Bug(error.to_string()))?;
    Ok(Wanted {
        id: RefundId(making.id),
        amount_minor,
        origin: Origin::Staff,
        reason: command.reason.clone(),
        restock,
        requested_by: Some(UserId(caller.id)),
        gateway_id: None,
    })
}

/// How much goes back, in hundredths: of what is neither back already nor may be taken by an open dispute.
fn unclaimed(
    payment: &Payment,
    taken: i64,
    claims: Claims,
    asked: Option<i64>,
) -> Result<i64, Error> {
    let paid = begin::capture_of(payment)?.paid_minor;
    let back = taken.saturating_add(claims.gone_minor);
    refund::cap(paid, back, asked).map_err(|error| Error::NotPossible(error.to_string()))?;
    refund::cap(paid, back.saturating_add(claims.held_minor), asked).map_err(|_too_much| {
        Error::InvalidState("an open dispute may take that money; answer the dispute first")
    })
}

/// An amount that the currency's coins can make, and that is something.
fn payable(payment: &Payment, amount: Amount) -> Result<i64, Error> {
    let money: Money = amount.in_currency(payment.due.currency());
    let is_payable = !money.is_zero() && money.to_subunits().is_ok();
    if is_payable {
        Ok(money.minor())
    } else {
        Err(Error::Invalid {
            field: "amount",
            message: "must be more than nothing, in whole coins of the currency".to_owned(),
        })
    }
}
