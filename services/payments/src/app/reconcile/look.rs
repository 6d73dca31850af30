//! Looking again: what a list showed may be old, so the provider is asked about what it says otherwise than we do.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::app::{Error, PAYMENT, REFUND};
use crate::clients::gateway::{GatewayRefund, Patience};
use crate::domain::ids::PaymentId;
use crate::domain::observation::GatewayStatus;
use crate::domain::reconciliation::class::Finding;
use crate::domain::reconciliation::payment::{self, Terms, Theirs};
use crate::domain::reconciliation::refund::{self, TheirRefund};
use crate::domain::refund::RefundStatus;
use crate::startup::AppState;
use crate::store::reconciliation::our_refunds::{self, OurRefundRow};
use crate::store::reconciliation::ours::{self, OurPayment};

/// Questions to the provider at a time.
const AT_ONCE: usize = 8;
/// How often something is looked at that changes under our eyes.
const LOOKS: u32 = 3;

/// A payment, what the provider says of it now, and where the two disagree.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) payment: OurPayment,
    pub(super) theirs: Theirs,
    pub(super) findings: Vec<Finding>,
}

/// By what is judged now.
pub(super) fn terms(state: &AppState) -> Terms {
    let paystack = &state.settings.paystack;
    Terms {
        mode: paystack.mode,
        bearer: paystack.fees_borne_by,
        now: state.clock.now(),
    }
}

/// Looks at some payments again, a few at a time. Those that change at this very moment are left out: whoever changes them is at
/// what we would do.
pub(super) async fn all_again(
    state: &AppState,
    payments: Vec<PaymentId>,
) -> Result<Vec<Looked>, Error> {
    let looks = stream::iter(payments).map(|id| again(state, id));
    let looked: Vec<Option<Looked>> = looks.buffered(AT_ONCE).try_collect().await?;
    Ok(looked.into_iter().flatten().collect())
}

/// Looks at a payment again; none if it changed each time between two readings of our row, so that the provider's answer may be
/// older than ours.
pub(super) async fn again(state: &AppState, id: PaymentId) -> Result<Option<Looked>, Error> {
    let mut before = our_payment(state, id).await?;
    for _ in 0..LOOKS {
        let theirs = ask(state, &before).await?;
        let payment = our_payment(state, id).await?;
        if payment == before {
            let findings = payment::judge(&terms(state), &payment.ours, &theirs);
            return Ok(Some(Looked {
                payment,
                theirs,
                findings,
            }));
        }
        before = payment;
    }
    Ok(None)
}

async fn our_payment(state: &AppState, id: PaymentId) -> Result<OurPayment, Error> {
    let mut conn = state.work_db.get().await?;
    let found = ours::by_ids(&mut conn, vec![id], state.clock.now()).await?;
    found.into_iter().next().ok_or(Error::NotFound(PAYMENT))
}

async fn ask(state: &AppState, payment: &OurPayment) -> Result<Theirs, Error> {
    let verified = state
        .gateway
        .verify(&payment.reference, Patience::Usual)
        .await;
    let seen = match verified {
        Ok(seen) => seen,
        Err(error) if error.is_not_found() => return Ok(Theirs::Unknown),
        Err(error) => return Err(error.into()),
    };
    let is_refunded = if seen.status == GatewayStatus::Reversed {
        let refunds = state.gateway.list_refunds(&seen.gateway_id).await?;
        refunds.iter().any(explains)
    } else {
        false
    };
    Ok(Theirs::Seen { seen, is_refunded })
}

/// Whether a refund says why its payment goes back: one that somebody asked for, and that has not come to nothing.
fn explains(refund: &GatewayRefund) -> bool {
    refund.status != Some(RefundStatus::Failed) && refund.dispute.is_none()
}

/// A refund of ours, what the provider says of it now, and where the two disagree.
#[derive(Debug)]
pub(super) struct LookedRefund {
    pub(super) refund: OurRefundRow,
    /// None: the provider does not know it.
    pub(super) theirs: Option<TheirRefund>,
    pub(super) finding: Option<Finding>,
}

/// Looks at some refunds of ours again, by the provider's numbers.
pub(super) async fn all_refunds_again(
    state: &AppState,
    gateway_ids: Vec<String>,
) -> Result<Vec<LookedRefund>, Error> {
    let looks = stream::iter(gateway_ids).map(|id| refund_again(state, id));
    let looked: Vec<Option<LookedRefund>> = looks.buffered(AT_ONCE).try_collect().await?;
    Ok(looked.into_iter().flatten().collect())
}

/// Looks at a refund of ours again; none if it changes at this moment.
pub(super) async fn refund_again(
    state: &AppState,
    gateway_id: String,
) -> Result<Option<LookedRefund>, Error> {
    let mut before = our_refund(state, &gateway_id).await?;
    for _ in 0..LOOKS {
        let theirs = match state.gateway.fetch_refund(&gateway_id).await {
            Ok(refund) => Some(in_short(refund)),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error.into()),
        };
        let refund = our_refund(state, &gateway_id).await?;
        if refund == before {
            let finding = refund::judge(state.clock.now(), &refund.ours, theirs.as_ref());
            return Ok(Some(LookedRefund {
                refund,
                theirs,
                finding,
            }));
        }
        before = refund;
    }
    Ok(None)
}

async fn our_refund(state: &AppState, gateway_id: &str) -> Result<OurRefundRow, Error> {
    let mut conn = state.work_db.get().await?;
    let ids = vec![gateway_id.to_owned()];
    let found = our_refunds::by_gateway_ids(&mut conn, ids).await?;
    found.into_iter().next().ok_or(Error::NotFound(REFUND))
}

fn in_short(refund: GatewayRefund) -> TheirRefund {
    TheirRefund {
        status: refund.status,
        amount_minor: refund.amount_minor,
        currency: refund.currency,
        is_of_dispute: refund.dispute.is_some(),
        updated_at: refund.updated_at,
    }
}
