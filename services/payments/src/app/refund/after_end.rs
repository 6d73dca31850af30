//! What banks undo after a refund had ended: it comes back from the buyer, or reaches the buyer after all. The books are put right
//! by reversal; a payment's status stays, as it only climbs.

use diesel_async::AsyncPgConnection;
use messaging::Trail;

use super::{begin, step};
use crate::app::Error;
use crate::app::attention::{self, Attention};
use crate::app::dispute::claims;
use crate::domain::ledger::Booking;
use crate::domain::refund::{self, RefundStatus};
use crate::store;
use crate::store::attention::Of;
use crate::store::payments::Payment;
use crate::store::refunds::Refund;

/// Why a refund failed that had reached the buyer.
const CAME_BACK: &str = "it came back after it had reached the buyer";

/// The money is with the shop again. Whether it goes out once more is for people to say: the way it took leads nowhere.
pub(super) async fn returned(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &Payment,
    refund: &Refund,
) -> Result<bool, Error> {
    let (failed, now) = (RefundStatus::Failed, trail.now());
    let refund = store::refunds::note_status(conn, refund.id, failed, Some(CAME_BACK), now).await?;
    let booking = Booking::refund_returned(refund.amount_minor, refund.charged_to);
    begin::book(conn, trail, &refund, &booking).await?;
    step::call(conn, trail, &refund, Attention::RefundReturned).await?;
    step::say_failed(conn, trail, payment, &refund).await?;
    Ok(true)
}

/// The buyer has the money after all, unless more would have gone back then than was paid: that cannot be, and somebody has to
/// look.
pub(super) async fn reinstated(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    payment: &mut Payment,
    refund: &Refund,
) -> Result<bool, Error> {
    let refunds = store::refunds::of_payment(conn, payment.id).await?;
    let paid = begin::capture_of(payment)?.paid_minor;
    let gone = claims::of_payment(conn, payment.id).await?.gone_minor;
    let back = begin::taken(&refunds).saturating_add(gone);
    let fits = refund::cap(paid, back, Some(refund.amount_minor));
    if fits.is_err() {
        let why = "it had failed, and with it more than all went back";
        step::call_contradiction(conn, trail, refund, why).await?;
        return Ok(false);
    }
    // Its order may have kept the payment since it failed.
    let charged_to = refund::charged_to(payment.is_kept);
    store::refunds::charge_to(conn, refund.id, charged_to).await?;
    let (processed, now) = (RefundStatus::Processed, trail.now());
    let refund = store::refunds::note_status(conn, refund.id, processed, None, now).await?;
    let booking = Booking::refund_reinstated(refund.amount_minor, charged_to);
    begin::book(conn, trail, &refund, &booking).await?;
    let failures = [Attention::RefundFailed, Attention::RefundReturned];
    attention::close(
        conn,
        trail,
        Of::Subject(refund.id.0),
        &failures,
        "processed",
    )
    .await?;
    step::arrived(conn, trail, payment, &refund).await?;
    Ok(true)
}
