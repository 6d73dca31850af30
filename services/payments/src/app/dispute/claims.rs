//! What of a payment disputes have taken or may take.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;

use crate::domain::ids::PaymentId;
use crate::store;
use crate::store::disputes::Dispute;

/// What of a payment is not there for refunds, in hundredths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Claims {
    /// What is with the buyer because of disputes that were lost.
    pub(crate) gone_minor: i64,
    /// What disputes that have not ended may still take.
    pub(crate) held_minor: i64,
}

/// What disputes have taken or may take of a locked payment.
pub(crate) async fn of_payment(
    conn: &mut AsyncPgConnection,
    payment: PaymentId,
) -> QueryResult<Claims> {
    let disputes = store::disputes::of_payment(conn, payment).await?;
    Ok(Claims {
        gone_minor: disputes.iter().map(Dispute::gone_minor).sum(),
        held_minor: disputes.iter().map(Dispute::held_minor).sum(),
    })
}
