//! Which attempt of an order is live, decided while everybody else who wants to pay it waits.

use chrono::TimeDelta;
use common::{context, ids};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use messaging::Trail;
use messaging::idempotency::Making;

use super::Wanted;
use crate::app::{Error, confirm};
use crate::domain::ids::{OrderId, PaymentId};
use crate::domain::reference::Reference;
use crate::domain::refund::RefundStatus;
use crate::domain::status::PaymentStatus;
use crate::startup::AppState;
use crate::store;
use crate::store::payments::{NewPayment, Payment};

/// How long an attempt is left to whoever is at opening it: longer than that may take.
const OPENING: TimeDelta = TimeDelta::seconds(30);

/// Where an order's payment stands.
pub(super) enum Begun {
    /// It can be paid already, and the answer is stored.
    Live(Payment),
    /// It could be paid, but its time is over: the provider should be asked first.
    Old(Payment),
    /// It is this request's to open. `is_new`: the provider cannot know it.
    Ours { payment: Payment, is_new: bool },
    /// Another request is at opening it.
    Theirs,
}

/// Finds or makes the live attempt. `was_asked`: the provider was asked about an old one, which is good enough then.
pub(super) async fn begin(
    state: &AppState,
    wanted: &Wanted,
    making: &Making<Payment>,
    was_asked: bool,
) -> Result<Begun, Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        store::payments::take_turn(conn, wanted.order).await?;
        let Some(live) = lock_live(conn, wanted.order).await? else {
            return make(state, conn, &trail, wanted).await;
        };
        if live.due != wanted.due {
            store::opening::supersede(conn, live.id).await?;
            return make(state, conn, &trail, wanted).await;
        }
        let is_old = !was_asked && confirm::is_over(state, &live, trail.now());
        if is_old && live.address.is_some() {
            return Ok(Begun::Old(live));
        }
        if live.address.is_some() {
            making.settle(conn, &live).await?;
            return Ok(Begun::Live(live));
        }
        if live.opening_until.is_some_and(|until| until > trail.now()) {
            return Ok(Begun::Theirs);
        }
        let until = trail.now() + OPENING;
        let payment = store::opening::begin_opening(conn, live.id, trail.now(), until).await?;
        Ok(Begun::Ours {
            payment,
            is_new: false,
        })
    })
    .await
}

/// The attempt that can be paid, locked; none if another may be made. An order that is paid has neither.
async fn lock_live(conn: &mut AsyncPgConnection, order: OrderId) -> Result<Option<Payment>, Error> {
    let is_live = |one: &Payment| one.status.is_open() && !one.is_superseded;
    let attempts = store::payments::of_order(conn, order).await?;
    refuse_paid(conn, &attempts).await?;
    let Some(seen) = attempts.iter().find(|one| is_live(one)) else {
        return Ok(None);
    };
    let live = store::payments::lock(conn, seen.id).await?.filter(is_live);
    if live.is_none() {
        // Whoever had the row until now may have written that the order is paid.
        let attempts = store::payments::of_order(conn, order).await?;
        refuse_paid(conn, &attempts).await?;
    }
    Ok(live)
}

/// An order that was paid, and whose money is not known to go back, is not paid again.
async fn refuse_paid(conn: &mut AsyncPgConnection, attempts: &[Payment]) -> Result<(), Error> {
    let paid = attempts.iter().filter(|one| {
        matches!(
            one.status,
            PaymentStatus::Paid | PaymentStatus::PartiallyRefunded
        )
    });
    for payment in paid.filter(|one| one.is_kept || one.hold.is_none()) {
        let refunds = store::refunds::of_payment(conn, payment.id).await?;
        let goes_back = refunds
            .iter()
            .any(|refund| refund.is_systems() && refund.status != RefundStatus::Failed);
        if payment.is_kept || !goes_back {
            return Err(Error::InvalidState("the order is paid already"));
        }
    }
    Ok(())
}

async fn make(
    state: &AppState,
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    wanted: &Wanted,
) -> Result<Begun, Error> {
    let last = store::payments::last_attempt(conn, wanted.order).await?;
    let attempt = last.unwrap_or(0).saturating_add(1);
    let now = trail.now();
    let new = NewPayment {
        id: PaymentId(ids::new_id()),
        order: wanted.order,
        user: wanted.user,
        attempt,
        reference: Reference::of_attempt(wanted.order.0, &wanted.order_number, attempt),
        due: wanted.due,
        callback_url: wanted.callback_url.clone(),
        traceparent: context::with_current(|context| context.trace.header()),
        now,
        opening_until: now + OPENING,
        next_check_at: now + state.settings.poll_every,
    };
    let payment = store::payments::insert(conn, &new).await?;
    Ok(Begun::Ours {
        payment,
        is_new: true,
    })
}
