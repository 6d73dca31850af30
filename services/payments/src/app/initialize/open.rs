//! From an attempt to an address at which it can be paid, also when the provider's answer is lost.
//!
//! An unknown outcome is never met with a new name: the provider is asked about the old one. If it does not know it, the same
//! question is put again. If it knows it, the address is lost for good, as the provider tells it only once; then, and only then, a
//! new attempt takes its place, and the old one is watched further, as it can still be paid.

use std::sync::Arc;
use std::time::Duration;

use common::failpoint;
use diesel_async::AsyncConnection as _;
use events::payments::PaymentInitialized;
use messaging::idempotency::Making;
use tokio::time::Instant;

use super::Wanted;
use super::attempt::{self, Begun};
use crate::app::confirm::{self, amount, buyer};
use crate::app::{Error, PAYMENT};
use crate::clients::gateway::{Checkout, GatewayError, Opened, Patience, Refusal};
use crate::domain::ids::PaymentId;
use crate::domain::status::PaymentStatus;
use crate::startup::AppState;
use crate::store;
use crate::store::payments::{Address, Payment};

/// No answer of the provider is waited for longer than so long after opening began.
const IN_ALL: Duration = Duration::from_secs(15);
/// How long another request is waited for that is at the same order.
const WAIT: Duration = Duration::from_secs(3);
/// How often it is looked for.
const WAIT_STEP: Duration = Duration::from_millis(50);
/// New attempts that one request may come to.
const ATTEMPTS_MAX: u32 = 3;
/// How often one request asks to open one attempt.
const ASKS_MAX: u32 = 2;

/// What a buyer is told whose payment the provider does not take.
const REFUSED: &str = "the payment provider does not take this payment";

/// Opens the order's live attempt.
pub(super) async fn open(
    state: &Arc<AppState>,
    wanted: &Wanted,
    making: &Making<Payment>,
) -> Result<Payment, Error> {
    let began = Instant::now();
    let mut was_asked = false;
    let mut attempts = 0;
    loop {
        match attempt::begin(state, wanted, making, was_asked).await? {
            Begun::Live(payment) => return Ok(payment),
            Begun::Old(payment) => {
                was_asked = true;
                // If the provider does not answer, the address is still the best there is.
                let _ = confirm::confirm(state, &state.db, payment).await;
            }
            Begun::Theirs if began.elapsed() >= WAIT => {
                return Err(Error::Busy("the payment is just being opened"));
            }
            Begun::Theirs => tokio::time::sleep(WAIT_STEP).await,
            Begun::Ours { payment, is_new } => {
                attempts += 1;
                let asking = Asking {
                    state,
                    wanted,
                    payment: &payment,
                    deadline: began + IN_ALL,
                };
                failpoint::reach("payments.attempt_made");
                let opened = asking.ask(is_new).await;
                failpoint::reach("payments.initialized");
                if let Some(done) = finish(state, &payment, opened, making).await? {
                    return Ok(done);
                }
                if attempts >= ATTEMPTS_MAX {
                    return Err(Error::Busy("the payment could not be opened"));
                }
            }
        }
    }
}

/// What came of asking.
enum Asked {
    /// It can be paid here.
    Opened(Opened),
    /// The provider knows it, and its address is lost.
    Lost,
}

/// Writes what came of asking; none if another attempt is needed.
async fn finish(
    state: &AppState,
    payment: &Payment,
    asked: Result<Asked, Error>,
    making: &Making<Payment>,
) -> Result<Option<Payment>, Error> {
    match asked {
        Ok(Asked::Opened(opened)) => announce(state, payment.id, opened, making).await,
        Ok(Asked::Lost) => {
            tracing::warn!(payment.id = %payment.id, "the address of payment {} is lost; another attempt takes its place", payment.id);
            replace(state, payment.id).await?;
            Ok(None)
        }
        Err(error) => {
            let mut conn = state.db.get().await?;
            // Nobody need wait for us.
            store::opening::end_opening(&mut conn, payment.id).await?;
            Err(error)
        }
    }
}

/// Stores the address and says that somebody is about to pay; none if another attempt has taken its place meanwhile.
async fn announce(
    state: &AppState,
    id: PaymentId,
    opened: Opened,
    making: &Making<Payment>,
) -> Result<Option<Payment>, Error> {
    let trail = state.trail();
    let address = Address {
        authorization_url: opened.authorization_url,
        access_code: opened.access_code,
    };
    let mut conn = state.db.get().await?;
    let announced: Result<Option<Payment>, Error> = conn
        .transaction(async |conn| {
            let payment = store::payments::lock(conn, id).await?;
            let payment = payment.ok_or(Error::NotFound(PAYMENT))?;
            if payment.is_superseded || !payment.status.is_open() {
                return Ok(None);
            }
            let payment = store::opening::note_address(conn, id, &address).await?;
            let event = PaymentInitialized {
                payment_id: id.0,
                order_id: payment.order.0,
                user_id: buyer(&payment),
                reference: payment.reference.as_str().to_owned(),
                amount: amount(payment.due.minor())?,
                currency: payment.due.currency(),
            };
            trail.event(conn, &event, payment.version).await?;
            making.settle(conn, &payment).await?;
            Ok(Some(payment))
        })
        .await;
    let announced = announced?;
    if announced.is_some() {
        failpoint::reach("payments.address_stored");
        state.counters.payment("initialized");
    }
    Ok(announced)
}

async fn replace(state: &AppState, id: PaymentId) -> Result<(), Error> {
    let mut conn = state.db.get().await?;
    store::opening::supersede(&mut conn, id).await?;
    Ok(())
}

/// One attempt that is being opened.
struct Asking<'a> {
    state: &'a AppState,
    wanted: &'a Wanted,
    payment: &'a Payment,
    deadline: Instant,
}

impl Asking<'_> {
    /// Asks until it is known what became of it. `is_new`: the provider cannot know it yet.
    async fn ask(&self, is_new: bool) -> Result<Asked, Error> {
        let mut may_be_known = !is_new;
        let mut last = None;
        for _ in 0..ASKS_MAX {
            if may_be_known && self.is_known().await? {
                return Ok(Asked::Lost);
            }
            match self.initialize().await {
                Ok(opened) => return Ok(Asked::Opened(opened)),
                Err(
                    error @ (GatewayError::Unknown(_)
                    | GatewayError::Refused {
                        why: Refusal::Duplicate,
                        ..
                    }),
                ) => {
                    may_be_known = true;
                    last = Some(error);
                }
                Err(GatewayError::Refused { message, .. }) => {
                    return Err(self.give_up(&message).await?);
                }
                Err(error @ GatewayError::Unavailable(_)) => return Err(error.into()),
            }
        }
        if self.is_known().await? {
            return Ok(Asked::Lost);
        }
        let unclear = || GatewayError::Unknown("it contradicts itself".to_owned());
        Err(match last {
            Some(error @ GatewayError::Unknown(_)) => error.into(),
            _ => unclear().into(),
        })
    }

    async fn initialize(&self) -> Result<Opened, GatewayError> {
        let checkout = Checkout {
            reference: &self.payment.reference,
            email: &self.wanted.email,
            due: self.payment.due,
            callback_url: &self.payment.callback_url,
            order: self.payment.order,
        };
        let patience = Patience::Until(self.deadline);
        self.state.gateway.initialize(&checkout, patience).await
    }

    /// Whether the provider knows it. One that turns out to be paid is written so, and then there is nothing to open.
    async fn is_known(&self) -> Result<bool, Error> {
        let (state, payment) = (self.state, self.payment);
        let patience = Patience::Until(self.deadline);
        let seen = match state.gateway.verify(&payment.reference, patience).await {
            Ok(seen) => seen,
            Err(error) if error.is_not_found() => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let confirmed = confirm::apply(state, &state.db, payment.id, Some(&seen)).await?;
        if confirmed.payment.status.is_captured() {
            return Err(Error::InvalidState("the order is paid already"));
        }
        Ok(true)
    }

    /// The provider will never take it: the next request gets another attempt.
    async fn give_up(&self, message: &str) -> Result<Error, Error> {
        let again_at = self.state.clock.now() + self.state.settings.poll_every;
        let (id, failed) = (self.payment.id, PaymentStatus::Failed);
        let mut conn = self.state.db.get().await?;
        let given_up: Result<(), Error> = conn
            .transaction(async |conn| {
                let payment = store::payments::lock(conn, id).await?;
                if payment.is_some_and(|payment| payment.status.may_become(failed)) {
                    let watched = Some(again_at);
                    store::payments::note_uncaptured(conn, id, failed, None, watched).await?;
                }
                Ok(())
            })
            .await;
        given_up?;
        self.state.counters.payment("failed");
        tracing::warn!(payment.id = %id, cause = message, "the payment provider refuses payment {id}");
        // Its words are about our account and our request, and for the log.
        Ok(Error::NotPossible(REFUSED.to_owned()))
    }
}
