//! How a payment's refunds stand at the provider: looked up as a whole, and written under the payment's row lock. The webhook
//! worker, the poller and the worker that asks for refunds all use it, any number of times.

use common::ids;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use messaging::Trail;
use serde_json::json;

use super::begin::{self, Wanted};
use super::step::{self, Refused};
use crate::app::attention::{self, About, Attention};
use crate::app::{Error, PAYMENT, REFUND};
use crate::clients::gateway::{GatewayRefund, Refusal};
use crate::domain::ids::{PaymentId, RefundId};
use crate::domain::refund::{self, Origin, RefundStatus, Step};
use crate::startup::AppState;
use crate::store;
use crate::store::payments::Payment;
use crate::store::refunds::Refund;

/// What a refund says that we never asked for.
const ELSEWHERE: &str = "made at the payment provider";

/// What the provider says of a payment's refunds.
struct Seen {
    /// Those that it knows.
    refunds: Vec<GatewayRefund>,
    /// Those of ours that it had, and says it does not know.
    lost: Vec<Refund>,
    /// Ours as they were before it was asked.
    before: Vec<Refund>,
}

/// What is known of a payment's refunds.
struct Known<'a> {
    /// Under the payment's lock.
    now: &'a [Refund],
    /// Before the provider was asked.
    before: &'a [Refund],
}

impl Known<'_> {
    /// Whether a refund has come further since the provider was asked, so that what it said may be old.
    fn has_moved(&self, refund: &Refund) -> bool {
        let before = self.before.iter().find(|other| other.id == refund.id);
        before.is_none_or(|before| before.version != refund.version)
    }
}

/// What came of what the provider says of one refund.
enum News {
    /// Nothing.
    Nothing,
    /// It has come this far.
    Is(&'static str),
    /// It may be old, so the provider has to be asked again.
    MayBeOld,
}

/// Looks up what goes back of a payment, and writes it.
pub(crate) async fn follow(state: &AppState, payment: &Payment) -> Result<(), Error> {
    let seen = look_up(state, payment).await?;
    apply(state, payment.id, &seen).await
}

/// Everything that the provider knows to go back of a payment: the list, and those of ours that it does not show.
async fn look_up(state: &AppState, payment: &Payment) -> Result<Seen, Error> {
    let transaction = &begin::capture_of(payment)?.gateway_id;
    let before = {
        let mut conn = state.work_db.get().await?;
        store::refunds::of_payment(&mut conn, payment.id).await?
    };
    let mut refunds = state.gateway.list_refunds(transaction).await?;
    let mut lost = Vec::new();
    for refund in before.iter().filter(|refund| !refund.status.has_ended()) {
        let Some(id) = refund.gateway_id.as_deref() else {
            continue;
        };
        if refunds.iter().any(|one| one.id == id) {
            continue;
        }
        match state.gateway.fetch_refund(id).await {
            Ok(one) => refunds.push(one),
            // The others of the payment must not wait for it.
            Err(error) if error.is_not_found() => lost.push(refund.clone()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Seen {
        refunds,
        lost,
        before,
    })
}

/// Writes how refunds of a payment stand at the provider.
async fn apply(state: &AppState, payment: PaymentId, seen: &Seen) -> Result<(), Error> {
    let trail = state.trail();
    let domain = state.settings.paystack.mode.domain();
    let is_ours = |one: &&GatewayRefund| {
        let is_ours = one.domain.as_deref().is_none_or(|other| other == domain);
        if !is_ours {
            tracing::error!(payment.id = %payment, gateway.id = one.id, "a refund of the other domain is not believed");
        }
        is_ours
    };
    let mut conn = state.work_db.get().await?;
    let steps: Result<Vec<&'static str>, Error> = conn
        .transaction(async |conn| {
            let mut payment = lock(conn, payment).await?;
            let (mut steps, mut may_be_old) = (Vec::new(), false);
            for refund in &seen.lost {
                let why = "the provider does not know it any more";
                step::call_contradiction(conn, &trail, refund, why).await?;
            }
            for one in seen.refunds.iter().filter(is_ours) {
                let now = store::refunds::of_payment(conn, payment.id).await?;
                let known = Known {
                    now: &now,
                    before: &seen.before,
                };
                match take_one(conn, &trail, &mut payment, &known, one).await? {
                    News::Nothing => {}
                    News::Is(outcome) => steps.push(outcome),
                    News::MayBeOld => may_be_old = true,
                }
            }
            watch(state, conn, &trail, &payment).await?;
            if may_be_old {
                let again_at = trail.now() + state.settings.poll_every;
                store::watching::restart(conn, payment.id, again_at).await?;
            }
            Ok(steps)
        })
        .await;
    for outcome in steps? {
        state.counters.refund(outcome);
    }
    Ok(())
}

async fn lock(conn: &mut AsyncPgConnection, payment: PaymentId) -> Result<Payment, Error> {
    let payment = store::payments::lock(conn, payment).await?;
    payment.ok_or(Error::NotFound(PAYMENT))
}

/// What the provider says of one refund; answers what is new. What had ended goes back from its end only if nobody else has written
/// about it meanwhile: two who asked may write in another order than they were answered.
async fn take_one(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &mut Payment,
    known: &Known<'_>,
    seen: &GatewayRefund,
) -> Result<News, Error> {
    let refund = match find_ours(known.now, seen) {
        Some(refund) => {
            let mut refund = refund.clone();
            if refund.gateway_id.is_none() {
                adopt(conn, trail, &mut refund, seen).await?;
            }
            refund
        }
        // What a lost dispute took shows as a refund of its own; it is in the books as what it is.
        None if seen.dispute.is_some() => return Ok(News::Nothing),
        None => {
            if let Some(twin) = made_before(known.now, seen) {
                step::call_contradiction(conn, trail, twin, "the provider made it twice").await?;
            }
            import(conn, trail, payment, seen).await?
        }
    };
    // A word that is new to us means that the provider has it.
    let status = seen.status.unwrap_or(RefundStatus::Processing);
    let next = refund::follow(refund.status, status);
    let goes_back = matches!(next, Step::Returned | Step::Reinstated);
    if goes_back && known.has_moved(&refund) {
        return Ok(News::MayBeOld);
    }
    let is_news = step::take(conn, trail, payment, &refund, (next, None)).await?;
    Ok(if is_news {
        News::Is(status.name())
    } else {
        News::Nothing
    })
}

/// Which of ours it is: by the provider's number, else by what we wrote beside it; where the provider shows no note, by the
/// amount of one that it was asked for.
fn find_ours<'a>(known: &'a [Refund], seen: &GatewayRefund) -> Option<&'a Refund> {
    let by_number = known
        .iter()
        .find(|refund| refund.gateway_id.as_deref() == Some(&seen.id));
    if by_number.is_some() {
        return by_number;
    }
    let mut waiting = known
        .iter()
        .filter(|refund| refund.gateway_id.is_none() && refund.status == RefundStatus::Requested);
    match &seen.note {
        Some(note) => waiting.find(|refund| refund.id.to_string() == *note),
        None => waiting.find(|refund| {
            refund.asked_at.is_some()
                && refund.amount_minor == seen.amount_minor
                && refund.currency == seen.currency
        }),
    }
}

/// The one of ours that the provider has under another number already, though the note names it here too.
fn made_before<'a>(known: &'a [Refund], seen: &GatewayRefund) -> Option<&'a Refund> {
    let note = seen.note.as_deref()?;
    known
        .iter()
        .find(|refund| refund.gateway_id.is_some() && refund.id.to_string() == note)
}

async fn adopt(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    refund: &mut Refund,
    seen: &GatewayRefund,
) -> Result<(), Error> {
    store::refunds::note_gateway_id(conn, refund.id, &seen.id).await?;
    refund.gateway_id = Some(seen.id.clone());
    if refund.amount_minor != seen.amount_minor || refund.currency != seen.currency {
        step::call_contradiction(conn, trail, refund, "the provider has another amount").await?;
    }
    Ok(())
}

/// Somebody at the provider gave money back, or ours arrived there after we had given it up: it is in the books all the same.
async fn import(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &Payment,
    seen: &GatewayRefund,
) -> Result<Refund, Error> {
    let wanted = Wanted {
        id: RefundId(ids::new_id()),
        amount_minor: seen.amount_minor,
        origin: Origin::External,
        reason: ELSEWHERE.to_owned(),
        restock: None,
        requested_by: None,
        gateway_id: Some(seen.id.clone()),
    };
    let refund = begin::begin(conn, trail, payment, wanted).await?;
    let mut facts = begin::facts(&refund);
    if let Some(facts) = facts.as_object_mut() {
        facts.insert("gatewayId".to_owned(), json!(seen.id));
    }
    let entity = (REFUND, refund.id.to_string());
    trail
        .audit_system(conn, "refund.requested", entity, facts.clone())
        .await?;
    let about = About {
        subject: refund.id.0,
        payment: Some(payment.id),
        facts,
    };
    attention::call(conn, trail, Attention::ExternalRefund, about).await?;
    Ok(refund)
}

/// While something is on its way, the provider is asked again.
async fn watch(
    state: &AppState,
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &Payment,
) -> Result<(), Error> {
    let refunds = store::refunds::of_payment(conn, payment.id).await?;
    let is_under_way = |refund: &Refund| refund.gateway_id.is_some() && !refund.status.has_ended();
    if !refunds.iter().any(is_under_way) {
        store::watching::schedule(conn, payment.id, None).await?;
    } else if payment.next_check_at.is_none() {
        let at = trail.now() + state.settings.poll_every;
        store::watching::restart(conn, payment.id, at).await?;
    }
    Ok(())
}

/// Writes that the provider has taken, or had taken, a refund that it was asked for.
pub(super) async fn taken(
    state: &AppState,
    refund: &Refund,
    made: &GatewayRefund,
) -> Result<(), Error> {
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    let is_news: Result<Option<&'static str>, Error> = conn
        .transaction(async |conn| {
            let mut payment = lock(conn, refund.payment).await?;
            let known = store::refunds::of_payment(conn, payment.id).await?;
            if let Some(other) = known.iter().find(|other| {
                other.gateway_id.as_deref() == Some(&made.id) && other.id != refund.id
            }) {
                // It was found before its answer came, and not recognised.
                step::call_contradiction(conn, &trail, other, "it is known twice").await?;
                let refused = Refused {
                    why: Refusal::Other,
                    words: "it is known twice",
                };
                return fail(conn, &trail, &mut payment, refund.id, refused).await;
            }
            let mut made = made.clone();
            // Whatever it shows, this is the one that was asked for.
            made.note = Some(refund.id.to_string());
            // Whatever was written of it meanwhile may be newer than this answer.
            let known = Known {
                now: &known,
                before: &[],
            };
            let news = take_one(conn, &trail, &mut payment, &known, &made).await?;
            store::watching::restart(conn, payment.id, trail.now() + state.settings.poll_every)
                .await?;
            Ok(match news {
                News::Is(outcome) => Some(outcome),
                News::Nothing | News::MayBeOld => None,
            })
        })
        .await;
    if let Some(outcome) = is_news? {
        state.counters.refund(outcome);
    }
    Ok(())
}

/// Writes that the provider refused a refund, and certainly does not have it.
pub(super) async fn refused(
    state: &AppState,
    refund: &Refund,
    refused: Refused<'_>,
) -> Result<(), Error> {
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    let is_news: Result<Option<&'static str>, Error> = conn
        .transaction(async |conn| {
            let mut payment = lock(conn, refund.payment).await?;
            fail(conn, &trail, &mut payment, refund.id, refused).await
        })
        .await;
    if let Some(outcome) = is_news? {
        tracing::error!(refund.id = %refund.id, cause = refused.words, "refund {} is refused", refund.id);
        state.counters.refund(outcome);
    }
    Ok(())
}

/// Ends a refund that the provider does not have, if that is still so.
async fn fail(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &mut Payment,
    refund: RefundId,
    refused: Refused<'_>,
) -> Result<Option<&'static str>, Error> {
    let refund = store::refunds::find(conn, refund).await?;
    let is_waiting =
        |refund: &Refund| refund.gateway_id.is_none() && refund.status == RefundStatus::Requested;
    let Some(refund) = refund.filter(is_waiting) else {
        return Ok(None);
    };
    let next = refund::follow(refund.status, RefundStatus::Failed);
    let is_news = step::take(conn, trail, payment, &refund, (next, Some(refused))).await?;
    Ok(is_news.then(|| RefundStatus::Failed.name()))
}
