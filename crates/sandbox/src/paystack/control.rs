//! What tests and people do as the customer, the customer's bank and the vendor, outside the vendor's protocol.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Path};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::account::Account;
use super::card::{Card, RefundFate};
use super::charge::{Attempt, Outcome, Unpayable};
use super::dispute::{Category, Resolution};
use super::disputes::{Disputed, Undisputable, Verdict};
use super::operation::Operation;
use super::settlement::{Settlement, Settling, Standing};
use super::transaction::{Channel, Transaction};
use super::visit::suffer;
use crate::faults::PaystackFault;
use crate::server::control::refuse;
use crate::server::no_answer;

/// The ways to pay that the sandbox knows.
pub const WAYS: [Channel; 5] = [
    Channel::Card,
    Channel::BankTransfer,
    Channel::Ussd,
    Channel::MobileMoney,
    Channel::Eft,
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Completion {
    channel: Option<Channel>,
    outcome: Option<Outcome>,
    card: Option<String>,
    refund_outcome: Option<RefundFate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Opening {
    #[serde(default)]
    category: Category,
    refund_amount: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Ending {
    resolution: Option<Resolution>,
    refund_amount: Option<i64>,
    /// The newest dispute that ended ends otherwise.
    #[serde(default)]
    again: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Moving {
    status: Standing,
}

/// An answer and, if the shop is told, the end of the first try.
type Answered = (Value, Option<oneshot::Receiver<()>>);
/// A status and the reason for it.
type Refused = (u16, &'static str);

const UNKNOWN: Refused = (404, "there is no such transaction, or it was forgotten");

impl From<Unpayable> for Refused {
    fn from(why: Unpayable) -> Self {
        match why {
            Unpayable::Unknown => UNKNOWN,
            Unpayable::Paid => (409, "this transaction is paid"),
            Unpayable::Channel => (400, "this transaction was initialized for other channels"),
        }
    }
}

impl From<Undisputable> for Refused {
    fn from(why: Undisputable) -> Self {
        match why {
            Undisputable::Unknown => (404, "there is no such transaction or no open dispute of it"),
            Undisputable::Status => (409, "only a paid transaction can be disputed"),
            Undisputable::Amount => (400, "refundAmount must be within the amount that was paid"),
            Undisputable::Resolved => (409, "this dispute is resolved"),
        }
    }
}

/// `POST /_sandbox/paystack/:reference/complete`: the customer tries to pay. 200 once the webhook is queued.
pub async fn complete(
    account: Data<Account>,
    reference: Path<String>,
    body: Bytes,
) -> HttpResponse {
    let completion: Completion = match read(&body) {
        Ok(completion) => completion,
        Err(problem) => return refuse(400, &problem),
    };
    let account = account.into_inner();
    let Some(transaction) = account.by_reference(&reference) else {
        return refuse(UNKNOWN.0, UNKNOWN.1);
    };
    let attempt = match completion.attempt(&transaction) {
        Ok(attempt) => attempt,
        Err(problem) => return refuse(400, &problem),
    };
    let id = transaction.id;
    let work = move |account: &Account, fault: &PaystackFault| -> Result<Answered, Refused> {
        let attempted = account.attempt(id, &attempt, fault)?;
        let shown = transaction_json(account, &attempted.transaction);
        Ok((shown, attempted.first_try))
    };
    carry_out(account, Operation::Complete, work).await
}

impl Completion {
    fn attempt(&self, transaction: &Transaction) -> Result<Attempt, String> {
        let usual = WAYS.into_iter().find(|way| transaction.takes(*way));
        let channel = self.channel.or(usual).unwrap_or(Channel::Card);
        if !WAYS.contains(&channel) {
            let names = WAYS.map(Channel::name).join(", ");
            return Err(format!("channel must be one of {names}"));
        }
        let card = match &self.card {
            Some(_) if channel != Channel::Card => {
                return Err("card needs the channel card".to_owned());
            }
            Some(number) => Some(Card::find(number).ok_or("card must be one of the test cards")?),
            None => None,
        };
        let is_declined = card.is_some_and(|card| card.decline.is_some());
        let usual = if is_declined {
            Outcome::Failed
        } else {
            Outcome::Success
        };
        let attempt = Attempt::by(channel, self.outcome.unwrap_or(usual));
        Ok(Attempt {
            card: card.or(attempt.card),
            refund_fate: self.refund_outcome,
            ..attempt
        })
    }
}

/// `GET /_sandbox/paystack/:reference`: a transaction, its refunds and disputes, and the webhooks about it.
pub async fn show(account: Data<Account>, reference: Path<String>) -> HttpResponse {
    match account.whole(&reference) {
        Some(whole) => HttpResponse::Ok().json(whole.to_json(&account)),
        None => refuse(UNKNOWN.0, UNKNOWN.1),
    }
}

/// `POST /_sandbox/paystack/:reference/dispute`: the customer's bank opens a dispute.
pub async fn open_dispute(
    account: Data<Account>,
    reference: Path<String>,
    body: Bytes,
) -> HttpResponse {
    let opening: Opening = match read(&body) {
        Ok(opening) => opening,
        Err(problem) => return refuse(400, &problem),
    };
    let work = move |account: &Account, fault: &PaystackFault| -> Result<Answered, Refused> {
        let (category, amount) = (opening.category, opening.refund_amount);
        let disputed = account.open_dispute(&reference, category, amount, fault)?;
        Ok(answered(account, disputed))
    };
    carry_out(account.into_inner(), Operation::Dispute, work).await
}

/// `POST /_sandbox/paystack/:reference/dispute/remind`: the vendor reminds of the open dispute.
pub async fn remind_of_dispute(account: Data<Account>, reference: Path<String>) -> HttpResponse {
    let work = move |account: &Account, fault: &PaystackFault| -> Result<Answered, Refused> {
        Ok(answered(
            account,
            account.remind_of_dispute(&reference, fault)?,
        ))
    };
    carry_out(account.into_inner(), Operation::Dispute, work).await
}

/// `POST /_sandbox/paystack/:reference/dispute/resolve`: the open dispute ends, by itself unless told otherwise.
pub async fn resolve_dispute(
    account: Data<Account>,
    reference: Path<String>,
    body: Bytes,
) -> HttpResponse {
    let ending: Ending = match read(&body) {
        Ok(ending) => ending,
        Err(problem) => return refuse(400, &problem),
    };
    let work = move |account: &Account, fault: &PaystackFault| -> Result<Answered, Refused> {
        let found = if ending.again {
            let transaction = account.by_reference(&reference);
            let newest = transaction.and_then(|one| account.newest_dispute(one.id));
            newest.map(|(dispute, _)| dispute.id)
        } else {
            account.open_dispute_of(&reference)
        };
        let id = found.ok_or(Undisputable::Unknown)?;
        let verdict = Verdict {
            resolution: ending.resolution.unwrap_or(Resolution::AutoAccepted),
            refund_amount: ending.refund_amount,
            message: "Resolved by the sandbox".to_owned(),
            attachment: None,
            again: ending.again,
        };
        Ok(answered(
            account,
            account.resolve_dispute(id, verdict, fault)?,
        ))
    };
    carry_out(account.into_inner(), Operation::Dispute, work).await
}

/// `POST /_sandbox/paystack/settlements`: the vendor pays what is open, in each currency.
pub async fn settle(account: Data<Account>, body: Bytes) -> HttpResponse {
    match read::<Settling>(&body) {
        Ok(how) => {
            let settlements = account.settle(how);
            HttpResponse::Ok().json(settlements.iter().map(settlement_json).collect::<Vec<_>>())
        }
        Err(problem) => refuse(400, &problem),
    }
}

/// `PUT /_sandbox/paystack/settlements/:id`: a settlement goes on, or comes back.
pub async fn move_settlement(account: Data<Account>, id: Path<u64>, body: Bytes) -> HttpResponse {
    match read::<Moving>(&body) {
        Ok(moving) => match account.move_settlement(*id, moving.status) {
            Some(settlement) => HttpResponse::Ok().json(settlement_json(&settlement)),
            None => refuse(404, "there is no such settlement"),
        },
        Err(problem) => refuse(400, &problem),
    }
}

fn settlement_json(settlement: &Settlement) -> Value {
    json!({
        "id": settlement.id,
        "status": settlement.status.name(),
        "currency": settlement.currency.code(),
        "totalProcessed": settlement.processed,
        "totalFees": settlement.fees,
        "deductions": settlement.deductions,
        "effectiveAmount": settlement.effective(),
        "transactions": settlement.transactions.len(),
    })
}

fn answered(account: &Account, disputed: Disputed) -> Answered {
    let dispute = &disputed.dispute;
    let shown = dispute.to_json(&disputed.transaction, account.domain());
    (shown, disputed.first_try)
}

/// Does something that faults can hit. As in the API, a client that hangs up does not stop it.
async fn carry_out<W>(account: Arc<Account>, operation: Operation, work: W) -> HttpResponse
where
    W: FnOnce(&Account, &PaystackFault) -> Result<Answered, Refused> + Send + 'static,
{
    let fault = account.fault(operation);
    if let Some(refusal) = suffer(&account, operation, &fault).await {
        return refusal.map_or_else(no_answer, |refusal| refusal.respond());
    }
    let is_dropped = fault.drop_after_execute;
    let outcome = match fault.latency_ms == 0 && !fault.webhook_first {
        true => work(&account, &fault).map(|(shown, _)| shown),
        false => {
            let runtime = account.runtime.clone();
            let task = runtime.spawn(async move { take_time(&account, &fault, work).await });
            task.await.unwrap_or(Err((500, "it could not be done")))
        }
    };
    match outcome {
        _ if is_dropped => no_answer(),
        Ok(shown) => HttpResponse::Ok().json(shown),
        Err((status, problem)) => refuse(status, problem),
    }
}

async fn take_time<W>(account: &Account, fault: &PaystackFault, work: W) -> Result<Value, Refused>
where
    W: FnOnce(&Account, &PaystackFault) -> Result<Answered, Refused>,
{
    tokio::time::sleep(Duration::from_millis(fault.latency_ms)).await;
    let (shown, first_try) = work(account, fault)?;
    if let Some(first_try) = first_try.filter(|_| fault.webhook_first) {
        // A webhook that is never tried does not hold up the answer.
        let _ = first_try.await;
    }
    Ok(shown)
}

/// Reads a body; nothing at all is an object without fields.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

/// A transaction as the control shows it.
pub fn transaction_json(account: &Account, transaction: &Transaction) -> Value {
    let ask = &transaction.ask;
    json!({
        "id": transaction.id,
        "reference": &*transaction.reference,
        "accessCode": &*transaction.access_code,
        "checkoutUrl": account.checkout_url(&transaction.access_code),
        "email": ask.email,
        "status": transaction.status.name(),
        "channel": transaction.channel.name(),
        "gatewayResponse": transaction.gateway_response,
        "requestedAmount": ask.amount,
        "amount": transaction.amount,
        "currency": transaction.currency.code(),
        "fees": transaction.fees,
        "refunded": transaction.refunded,
        "settlement": transaction.settlement,
        "callbackUrl": ask.callback_url,
        "metadata": ask.metadata,
        "createdAt": crate::journal::timestamp(transaction.created_at),
        "paidAt": transaction.paid_at.map(crate::journal::timestamp),
    })
}
