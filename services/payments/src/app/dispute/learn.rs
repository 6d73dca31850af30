//! The one use case behind webhooks, the poll and staff's answers: the provider is asked how a dispute stands, and what follows is
//! written. Any number of times, in any order, from any number of processes at once, it comes to one end.

use chrono::{DateTime, Utc};
use common::{failpoint, ids};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use messaging::Trail;

use super::{outcome, tell};
use crate::app::attention::{self, Attention};
use crate::app::{Error, confirm};
use crate::clients::disputes::GatewayDispute;
use crate::domain::dispute::{self, DisputeStatus, DueSource, Stand};
use crate::domain::ids::DisputeId;
use crate::domain::reference::Reference;
use crate::startup::AppState;
use crate::store;
use crate::store::attention::Of;
use crate::store::disputes::Dispute;
use crate::store::payments::Payment;

/// What came of asking.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Learned {
    /// It is known now, as it stands at the provider.
    Known(Box<Dispute>),
    /// The provider does not know it.
    Unknown,
    /// It is of the provider's other world, test or live, and is not believed.
    Alien,
}

/// Asks the provider how a dispute stands, by the provider's number for it, and writes what follows.
pub(crate) async fn learn(state: &AppState, gateway_id: &str) -> Result<Learned, Error> {
    let before = {
        let mut conn = state.work_db.get().await?;
        store::disputes::find_by_gateway_id(&mut conn, gateway_id).await?
    };
    // No connection is held while the provider is waited for.
    let seen = match state.gateway.fetch_dispute(gateway_id).await {
        Ok(seen) => seen,
        Err(error) if error.is_not_found() => return Ok(Learned::Unknown),
        Err(error) => return Err(error.into()),
    };
    let domain = state.settings.paystack.mode.domain();
    if seen.domain.as_deref().is_some_and(|other| other != domain) {
        tracing::error!(
            gateway.id = gateway_id,
            "a dispute of the other domain is not believed"
        );
        return Ok(Learned::Alien);
    }
    let payment = captured(state, &seen).await?;
    let asked_of = before.map(|dispute| dispute.version);
    let written = write(state, payment.as_ref(), &seen, asked_of).await?;
    Ok(Learned::Known(Box::new(written)))
}

/// The payment that a dispute is about, if we know it. Nothing can be wanted back of what is not paid, so one of which we have not
/// heard that is confirmed first.
async fn captured(state: &AppState, seen: &GatewayDispute) -> Result<Option<Payment>, Error> {
    let Ok(reference) = Reference::parse(&seen.reference) else {
        return Ok(None);
    };
    let found = {
        let mut conn = state.work_db.get().await?;
        store::payments::find_by_reference(&mut conn, &reference).await?
    };
    let Some(found) = found else { return Ok(None) };
    let payment = confirm::confirm(state, &state.work_db, found)
        .await?
        .payment;
    if payment.status.is_captured() {
        Ok(Some(payment))
    } else {
        Err(Error::Busy("the disputed payment is not known to be paid"))
    }
}

/// `asked_of` is the version that the dispute had before the provider was asked.
async fn write(
    state: &AppState,
    payment: Option<&Payment>,
    seen: &GatewayDispute,
    asked_of: Option<i64>,
) -> Result<Dispute, Error> {
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    let written: Result<(Dispute, Vec<&'static str>), Error> = conn
        .transaction(async |conn| {
            let mut news = Vec::new();
            let mut payment = match payment {
                Some(payment) => store::payments::lock(conn, payment.id).await?,
                None => None,
            };
            let new = begin(state, payment.as_ref(), seen, trail.now());
            if store::disputes::insert(conn, &new).await? {
                tell::note(conn, &new, "opened", "provider", trail.now()).await?;
                announce(conn, &trail, &new, payment.as_ref()).await?;
                news.push("opened");
            }
            let known = store::disputes::lock_by_gateway_id(conn, &seen.id).await?;
            let mut known =
                known.ok_or_else(|| Error::Bug(format!("dispute {} is gone", seen.id)))?;
            if known.of.is_none()
                && known.stand.outcome.is_none()
                && let Some(payment) = &payment
            {
                link(conn, &trail, &mut known, payment).await?;
            }
            keep_up(state, conn, &mut known, seen, trail.now()).await?;
            let stand = stand_of(seen);
            // What had ended goes back from its end only by an answer that cannot be older than what is written.
            let may_be_old = known.stand.outcome.is_some() && asked_of != Some(known.version);
            if let Some(next) = known.stand.after(stand).filter(|_| !may_be_old) {
                let outcome =
                    outcome::go_on(conn, &trail, payment.as_mut(), &mut known, next, seen).await?;
                news.extend(outcome);
            }
            failpoint::reach("payments.dispute_writing");
            Ok((known, news))
        })
        .await;
    let (written, news) = written?;
    for what in news {
        tracing::info!(dispute.id = %written.id, outcome = what, "dispute {} is {what}", written.id);
        state.counters.dispute(what);
    }
    Ok(written)
}

fn stand_of(seen: &GatewayDispute) -> Stand {
    Stand::of_gateway(seen.status, seen.resolution.as_deref(), seen.is_reversed)
}

/// A dispute as it is when we hear of it first. What has become of it by then follows at once.
fn begin(
    state: &AppState,
    payment: Option<&Payment>,
    seen: &GatewayDispute,
    now: DateTime<Utc>,
) -> Dispute {
    let opened_at = seen.opened_at.unwrap_or(now);
    let settings = &state.settings.disputes;
    let (due_at, due_source) = match seen.due_at {
        Some(due_at) => (due_at, DueSource::Provider),
        None => {
            let due_at = settings.answer_times.due_at(&seen.currency, opened_at);
            (due_at, DueSource::Assumed)
        }
    };
    Dispute {
        id: DisputeId(ids::new_id()),
        gateway_id: seen.id.clone(),
        reference: seen.reference.clone(),
        of: payment.map(|payment| (payment.id, payment.order)),
        amount_minor: seen.amount_minor,
        currency: seen.currency.clone(),
        category: seen.category.clone(),
        reason: seen.note.clone(),
        stand: Stand {
            status: DisputeStatus::AwaitingMerchantFeedback,
            outcome: None,
        },
        resolution: None,
        due_at,
        due_source: due_source.name().to_owned(),
        remind_at: Some(due_at - settings.remind_before),
        reminded_at: None,
        taken: None,
        answer: None,
        answering_until: None,
        version: 1,
        opened_at,
        resolved_at: None,
        created_at: now,
        updated_at: now,
    }
}

/// Tells others of a dispute, or people of one that is about nothing we know.
async fn announce(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    dispute: &Dispute,
    payment: Option<&Payment>,
) -> Result<(), Error> {
    let facts = tell::facts(dispute);
    let entity = (tell::DISPUTE, dispute.id.to_string());
    trail
        .audit_system(conn, "dispute.opened", entity, facts)
        .await?;
    match payment {
        Some(payment) => tell::opened(conn, trail, dispute, payment).await,
        None => tell::call(conn, trail, dispute, "nobody here knows the transaction").await,
    }
}

/// The payment of a dispute has become known.
async fn link(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    dispute: &mut Dispute,
    payment: &Payment,
) -> Result<(), Error> {
    dispute.of = Some((payment.id, payment.order));
    dispute.version += 1;
    dispute.updated_at = trail.now();
    store::disputes::save(conn, dispute).await?;
    tell::note(conn, dispute, "changed", "system", trail.now()).await?;
    let own = Of::Subject(dispute.id.0);
    attention::close(
        conn,
        trail,
        own,
        &[Attention::Dispute],
        "its payment is known",
    )
    .await?;
    tell::opened(conn, trail, dispute, payment).await
}

/// Notes what the provider says otherwise of a dispute that has not ended: how much, until when, and why. That is no event.
async fn keep_up(
    state: &AppState,
    conn: &mut AsyncPgConnection,
    dispute: &mut Dispute,
    seen: &GatewayDispute,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    // What it came to at its end may be less than was wanted.
    if dispute.stand.outcome.is_some() || stand_of(seen).outcome.is_some() {
        return Ok(());
    }
    let mut next = dispute.clone();
    next.amount_minor = seen.amount_minor;
    next.category = seen.category.clone().or(next.category);
    if let Some(due_at) = seen.due_at.filter(|due_at| *due_at != next.due_at) {
        next.due_at = due_at;
        next.due_source = DueSource::Provider.name().to_owned();
        let waits = next.stand.status == DisputeStatus::AwaitingMerchantFeedback;
        let is_to_come = waits && next.reminded_at.is_none();
        next.remind_at = is_to_come.then(|| due_at - state.settings.disputes.remind_before);
    }
    if next != *dispute {
        next.version += 1;
        next.updated_at = now;
        store::disputes::save(conn, &next).await?;
        tell::note(conn, &next, "changed", "provider", now).await?;
        *dispute = next;
    }
    Ok(())
}

/// Whether people have to look at how a dispute ended, because the provider has a new word for that.
pub(super) fn is_odd(seen: &GatewayDispute) -> bool {
    !dispute::is_known_resolution(seen.resolution.as_deref())
}
