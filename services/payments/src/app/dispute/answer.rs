//! Staff answers a dispute. The provider is asked step by step, each step is written before the next, and nobody holds a lock or a
//! connection meanwhile. Whoever asks again after an answer that was lost goes on where that stopped; what the provider was told it is
//! not told twice, because it is asked how the dispute stands first.

use chrono::{DateTime, TimeDelta, Utc};
use common::auth::CurrentUser;
use common::crypto::sha256;
use diesel_async::AsyncConnection as _;
use messaging::idempotency::Making;
use money::Amount;
use serde_json::json;

use super::learn::{self, Learned};
use super::statement::{self, Story};
use super::{claims, tell};
use crate::app::attention::{self, Attention};
use crate::app::{Error, PAYMENT, refund};
use crate::clients::disputes::{Evidence, GatewayAnswer};
use crate::clients::gateway::GatewayError;
use crate::domain::dispute_answer::{self, AnswerKind, AnswerStep};
use crate::domain::ids::{DisputeId, PaymentId, UserId};
use crate::startup::AppState;
use crate::store;
use crate::store::attention::Of;
use crate::store::disputes::{Answer, Dispute};

/// What staff answers.
#[derive(Debug, Clone)]
pub(crate) struct AnswerDispute {
    pub(crate) dispute: DisputeId,
    pub(crate) kind: AnswerKind,
    pub(crate) message: String,
    /// What was done for the money; what was ordered, if absent.
    pub(crate) service_details: Option<String>,
    /// What goes back; all that is wanted, if absent.
    pub(crate) refund: Option<Amount>,
}

impl AnswerDispute {
    /// What makes it this answer and no other.
    fn hash(&self) -> Vec<u8> {
        let refund = self.refund.map(Amount::minor);
        let said = json!([self.kind.name(), self.message, self.service_details, refund]);
        sha256(said.to_string().as_bytes()).to_vec()
    }
}

/// For so long a dispute stays with whoever answers it: longer than all calls together may take.
const LEASE: TimeDelta = TimeDelta::seconds(90);

/// Gives the answer to the provider, and stores our own with it.
pub(crate) async fn answer_dispute(
    state: &AppState,
    caller: &CurrentUser,
    command: &AnswerDispute,
    making: &Making<Dispute>,
) -> Result<Dispute, Error> {
    let dispute = look(state, command.dispute).await?;
    let (payment, _) = dispute.of.ok_or(Error::InvalidState(
        "nobody here knows the disputed transaction; answer it at the provider",
    ))?;
    if !is_given(&dispute, command) {
        let now = state.clock.now();
        dispute_answer::check(dispute.stand, dispute.due_at, now)
            .map_err(|why| Error::InvalidState(in_words(why)))?;
        let refund_minor = refund_of(state, &dispute, payment, command).await?;
        let taken = take(state, caller, command).await?;
        let given = give(state, taken, command, refund_minor).await;
        if let Err(error) = given {
            let_go(state, command.dispute).await;
            return Err(error);
        }
    }
    finish(state, caller, command, making).await
}

fn in_words(why: dispute_answer::Unanswerable) -> &'static str {
    use dispute_answer::Unanswerable as U;
    match why {
        U::Over => "the dispute is over",
        U::Answered => "the dispute was answered before",
        U::Late => "the time to answer the dispute is over",
    }
}

/// Whether the provider has this answer already, though whoever asked for it may not have heard so.
fn is_given(dispute: &Dispute, command: &AnswerDispute) -> bool {
    let ours = dispute
        .answer
        .as_ref()
        .filter(|answer| answer.hash == command.hash() && answer.step >= AnswerStep::Uploaded);
    ours.is_some() && command.kind.explains(dispute.stand)
}

/// A dispute as it stands at the provider now.
async fn look(state: &AppState, id: DisputeId) -> Result<Dispute, Error> {
    let known = {
        let mut conn = state.db.get().await?;
        store::disputes::find(&mut conn, id).await?
    };
    let known = known.ok_or(Error::NotFound("dispute"))?;
    match learn::learn(state, &known.gateway_id).await? {
        Learned::Known(dispute) => Ok(*dispute),
        Learned::Unknown | Learned::Alien => Err(Error::InvalidState(
            "the provider does not know the dispute",
        )),
    }
}

/// What goes back, in hundredths: nothing if the shop says no, else what is wanted or less, and never more than is left.
async fn refund_of(
    state: &AppState,
    dispute: &Dispute,
    payment: PaymentId,
    command: &AnswerDispute,
) -> Result<i64, Error> {
    if command.kind == AnswerKind::Evidence {
        return Ok(0);
    }
    let wanted = command.refund.map_or(dispute.amount_minor, Amount::minor);
    if !(1..=dispute.amount_minor).contains(&wanted) {
        return Err(Error::Invalid {
            field: "refundAmount",
            message: "must be more than nothing, and at most what is wanted back".to_owned(),
        });
    }
    let mut conn = state.db.get().await?;
    let payment = store::payments::find(&mut conn, payment).await?;
    let payment = payment.ok_or(Error::NotFound(PAYMENT))?;
    let refunds = store::refunds::of_payment(&mut conn, payment.id).await?;
    let gone = claims::of_payment(&mut conn, payment.id).await?.gone_minor;
    let back = refund::taken(&refunds).saturating_add(gone);
    let paid = refund::capture_of(&payment)?.paid_minor;
    crate::domain::refund::cap(paid, back, Some(wanted))
        .map_err(|error| Error::NotPossible(error.to_string()))
}

/// Takes a dispute in hand: the same answer goes on where it stopped, another begins anew.
async fn take(
    state: &AppState,
    caller: &CurrentUser,
    command: &AnswerDispute,
) -> Result<Dispute, Error> {
    let now = state.clock.now();
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let locked = store::disputes::lock(conn, command.dispute).await?;
        let mut dispute = locked.ok_or(Error::NotFound("dispute"))?;
        if dispute.answering_until.is_some_and(|until| until > now) {
            return Err(Error::Busy("somebody is answering the dispute just now"));
        }
        let hash = command.hash();
        let is_same = |answer: &Answer| answer.hash == hash && answer.kind == command.kind;
        if !dispute.answer.as_ref().is_some_and(is_same) {
            dispute.answer = Some(Answer {
                kind: command.kind,
                step: AnswerStep::Begun,
                hash,
                file: None,
                by: UserId(caller.id),
                given_at: None,
            });
        }
        dispute.answering_until = Some(now + LEASE);
        store::disputes::save(conn, &dispute).await?;
        Ok(dispute)
    })
    .await
}

/// Lets others answer it, at once instead of after [`LEASE`].
async fn let_go(state: &AppState, id: DisputeId) {
    let done: Result<(), Error> = async {
        let mut conn = state.db.get().await?;
        Ok(store::disputes::end_answering(&mut conn, id).await?)
    }
    .await;
    if let Err(error) = done {
        tracing::warn!(dispute.id = %id, cause = %error, "a dispute stays in hand for a while");
    }
}

/// Takes the steps that are left.
async fn give(
    state: &AppState,
    dispute: Dispute,
    command: &AnswerDispute,
    refund_minor: i64,
) -> Result<(), Error> {
    let (_, order) = dispute.of.ok_or(Error::NotFound("order"))?;
    let buyer = {
        let mut conn = state.db.get().await?;
        let payment = dispute.of.map(|(payment, _)| payment);
        match payment {
            Some(payment) => store::payments::find(&mut conn, payment).await?,
            None => None,
        }
    };
    let buyer = buyer.and_then(|payment| payment.user);
    let story = statement::gather(state, order, buyer).await?;
    let answer = dispute.answer.as_ref();
    let mut step = answer.map_or(AnswerStep::Begun, |answer| answer.step);
    let mut file = answer.and_then(|answer| answer.file.clone());
    if step < AnswerStep::Uploaded || file.is_none() {
        file = Some(upload(state, &dispute, &story, command).await?);
        step = AnswerStep::Uploaded;
        note(state, dispute.id, (step, file.as_deref())).await?;
    }
    if step < AnswerStep::Explained && command.kind == AnswerKind::Evidence {
        explain(state, &dispute, &story, command).await?;
        note(state, dispute.id, (AnswerStep::Explained, file.as_deref())).await?;
    }
    let answer = GatewayAnswer {
        gives_in: command.kind == AnswerKind::Acceptance,
        message: &command.message,
        refund_minor,
        file: file.as_deref().unwrap_or_default(),
    };
    let resolved = state.gateway.resolve_dispute(&dispute.gateway_id, &answer);
    match resolved.await {
        Ok(()) => Ok(()),
        // It may have arrived all the same, or before: the provider knows.
        Err(error @ (GatewayError::Unknown(_) | GatewayError::Refused { .. })) => {
            let now = look(state, dispute.id).await?;
            if command.kind.explains(now.stand) {
                Ok(())
            } else if now.stand.outcome.is_some() {
                Err(Error::InvalidState("the dispute is over"))
            } else if let GatewayError::Refused { message, .. } = error {
                Err(Error::NotPossible(message))
            } else {
                Err(error.into())
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// Sends the statement; answers the provider's name for it.
async fn upload(
    state: &AppState,
    dispute: &Dispute,
    story: &Story,
    command: &AnswerDispute,
) -> Result<String, Error> {
    let pdf = statement::print(dispute, story, &command.message, state.clock.now()).await?;
    let name = format!("dispute-{}.pdf", dispute.gateway_id);
    let to = state
        .gateway
        .dispute_upload(&dispute.gateway_id, &name)
        .await?;
    state.gateway.send_file(&to.url, pdf).await?;
    Ok(to.file)
}

/// Says what speaks for the shop, unless the provider has that already.
async fn explain(
    state: &AppState,
    dispute: &Dispute,
    story: &Story,
    command: &AnswerDispute,
) -> Result<(), Error> {
    let details = command.service_details.as_ref().unwrap_or(&story.goods);
    let seen = state.gateway.fetch_dispute(&dispute.gateway_id).await?;
    if seen.service_details.as_ref() == Some(details) {
        return Ok(());
    }
    let evidence = Evidence {
        customer_email: &story.email,
        customer_name: &story.name,
        customer_phone: &story.phone,
        service_details: details,
        delivery_address: Some(&story.address),
        delivery_date: story.delivered_on.as_deref(),
    };
    let said = state.gateway.add_evidence(&dispute.gateway_id, &evidence);
    Ok(said.await?)
}

/// Writes how far an answer has come.
async fn note(
    state: &AppState,
    id: DisputeId,
    (step, file): (AnswerStep, Option<&str>),
) -> Result<(), Error> {
    let mut conn = state.db.get().await?;
    store::disputes::note_step(&mut conn, id, step, file).await?;
    Ok(())
}

/// Writes that the provider has the answer, with what followed from it there.
async fn finish(
    state: &AppState,
    caller: &CurrentUser,
    command: &AnswerDispute,
    making: &Making<Dispute>,
) -> Result<Dispute, Error> {
    look(state, command.dispute).await?;
    let trail = state.trail();
    let now: DateTime<Utc> = trail.now();
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let locked = store::disputes::lock(conn, command.dispute).await?;
        let mut dispute = locked.ok_or(Error::NotFound("dispute"))?;
        dispute.answering_until = None;
        let is_news = dispute
            .answer
            .as_mut()
            .filter(|answer| answer.step != AnswerStep::Given)
            .map(|answer| {
                answer.step = AnswerStep::Given;
                answer.given_at = Some(now);
            })
            .is_some();
        if is_news {
            dispute.remind_at = None;
            dispute.version += 1;
            dispute.updated_at = now;
            store::disputes::save(conn, &dispute).await?;
            tell::note(conn, &dispute, "answered", caller.role.name(), now).await?;
            let entity = (tell::DISPUTE, dispute.id.to_string());
            let mut facts = tell::facts(&dispute);
            if let Some(facts) = facts.as_object_mut() {
                facts.insert("answer".to_owned(), json!(command.kind.name()));
            }
            trail
                .audit(conn, caller, "dispute.answered", entity, facts)
                .await?;
            let own = Of::Subject(dispute.id.0);
            let waiting = [Attention::DisputeDeadline];
            attention::close(conn, &trail, own, &waiting, "answered").await?;
        }
        making.settle(conn, &dispute).await?;
        Ok(dispute)
    })
    .await
}
