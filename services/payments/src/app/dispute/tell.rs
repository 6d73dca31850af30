//! What others hear of a dispute, and what is noted about it.

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use events::disputes::{
    DisputeOpened, DisputeOutcome as ToldOutcome, DisputeReminded, DisputeResolved,
};
use messaging::Trail;
use money::Currency;
use serde_json::{Value, json};

use crate::app::Error;
use crate::app::attention::{self, About, Attention};
use crate::app::confirm::{amount, buyer};
use crate::domain::dispute::DisputeOutcome;
use crate::store;
use crate::store::dispute_history::HistoryRow;
use crate::store::disputes::Dispute;
use crate::store::payments::Payment;

/// What audit entries name with a dispute's id.
pub(super) const DISPUTE: &str = "dispute";

/// What audit entries and people are told of a dispute.
pub(super) fn facts(dispute: &Dispute) -> Value {
    let outcome = dispute.stand.outcome.map(DisputeOutcome::name);
    json!({
        "gatewayId": dispute.gateway_id, "reference": dispute.reference,
        "paymentId": dispute.of.map(|(payment, _)| payment.0), "orderId": dispute.of.map(|(_, order)| order.0),
        "amountMinor": dispute.amount_minor, "currency": dispute.currency, "category": dispute.category,
        "status": dispute.stand.status.name(), "outcome": outcome, "takenMinor": dispute.gone_minor(),
        "dueAt": dispute.due_at,
    })
}

/// Adds what became of a dispute to its history, under the version that it has now.
pub(super) async fn note(
    conn: &mut AsyncPgConnection,
    dispute: &Dispute,
    event: &str,
    actor: &str,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let row = HistoryRow {
        dispute_id: dispute.id.0,
        version: dispute.version,
        event: event.to_owned(),
        status: dispute.stand.status.name().to_owned(),
        outcome: dispute
            .stand
            .outcome
            .map(|outcome| outcome.name().to_owned()),
        actor: actor.to_owned(),
        at,
    };
    store::dispute_history::append(conn, &row).await?;
    Ok(())
}

/// Puts a dispute before people.
pub(super) async fn call(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    dispute: &Dispute,
    why: &str,
) -> Result<(), Error> {
    let mut facts = facts(dispute);
    if let Some(facts) = facts.as_object_mut() {
        facts.insert("why".to_owned(), json!(why));
    }
    call_about(conn, trail, dispute, Attention::Dispute, facts).await
}

/// Puts it before people that a dispute is to be answered soon.
pub(super) async fn call_deadline(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    dispute: &Dispute,
) -> Result<(), Error> {
    let facts = facts(dispute);
    call_about(conn, trail, dispute, Attention::DisputeDeadline, facts).await
}

async fn call_about(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    dispute: &Dispute,
    why: Attention,
    facts: Value,
) -> Result<(), Error> {
    let about = About {
        subject: dispute.id.0,
        payment: dispute.of.map(|(payment, _)| payment),
        facts,
    };
    attention::call(conn, trail, why, about).await?;
    Ok(())
}

/// The currency, if it is one of the shop's. Of what a buyer paid in another no event can tell.
fn currency_of(dispute: &Dispute) -> Option<Currency> {
    dispute.currency.parse().ok()
}

/// Tells that a buyer's bank wants money back.
pub(super) async fn opened(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    dispute: &Dispute,
    payment: &Payment,
) -> Result<(), Error> {
    let Some(currency) = currency_of(dispute) else {
        return Ok(());
    };
    let event = DisputeOpened {
        dispute_id: dispute.id.0,
        payment_id: payment.id.0,
        order_id: payment.order.0,
        user_id: buyer(payment),
        amount: amount(dispute.amount_minor)?,
        currency,
        category: dispute.category.clone(),
        due_at: dispute.due_at,
    };
    trail.event(conn, &event, dispute.version).await?;
    Ok(())
}

/// Tells that a dispute waits for the shop's answer.
pub(super) async fn reminded(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    dispute: &Dispute,
    payment: &Payment,
) -> Result<(), Error> {
    let Some(currency) = currency_of(dispute) else {
        return Ok(());
    };
    let event = DisputeReminded {
        dispute_id: dispute.id.0,
        payment_id: payment.id.0,
        order_id: payment.order.0,
        user_id: buyer(payment),
        amount: amount(dispute.amount_minor)?,
        currency,
        due_at: dispute.due_at,
    };
    trail.event(conn, &event, dispute.version).await?;
    Ok(())
}

/// Tells how a dispute ended.
pub(super) async fn resolved(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    dispute: &Dispute,
    (payment, outcome): (&Payment, DisputeOutcome),
) -> Result<(), Error> {
    let Some(currency) = currency_of(dispute) else {
        return Ok(());
    };
    let event = DisputeResolved {
        dispute_id: dispute.id.0,
        payment_id: payment.id.0,
        order_id: payment.order.0,
        user_id: buyer(payment),
        amount: amount(dispute.amount_minor)?,
        currency,
        outcome: match outcome {
            DisputeOutcome::Won => ToldOutcome::Won,
            DisputeOutcome::Lost => ToldOutcome::Lost,
            DisputeOutcome::Accepted => ToldOutcome::Accepted,
            DisputeOutcome::AutoAccepted => ToldOutcome::AutoAccepted,
        },
        taken: amount(dispute.gone_minor())?,
    };
    trail.event(conn, &event, dispute.version).await?;
    Ok(())
}
