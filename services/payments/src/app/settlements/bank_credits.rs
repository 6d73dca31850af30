//! What the shop's bank shows, and which settlement arrived with it.

use chrono::NaiveDate;
use common::auth::CurrentUser;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use messaging::Trail;
use messaging::idempotency::Making;
use messaging::leases::{self, Lease};
use money::Money;
use serde_json::json;

use crate::app::attention::{self, Attention};
use crate::app::{BANK_CREDIT, Error, SETTLEMENT};
use crate::domain::ids::{BankCreditId, SettlementId, UserId};
use crate::domain::settlement::SettlementStatus;
use crate::startup::AppState;
use crate::store;
use crate::store::attention::Of;
use crate::store::bank_credits::{BankCredit, Matched, NewBankCredit};
use crate::store::settlement_lists::ListedSettlement;

/// What the bank shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EnterBankCredit {
    /// The bank's own name for it.
    pub(crate) reference: String,
    pub(crate) amount: Money,
    pub(crate) value_date: NaiveDate,
}

/// Takes a credit over, and matches it if there is no doubt to which settlement it belongs.
pub(crate) async fn enter_bank_credit(
    state: &AppState,
    caller: &CurrentUser,
    command: &EnterBankCredit,
    making: &Making<BankCredit>,
) -> Result<BankCredit, Error> {
    let trail = state.trail();
    let new = NewBankCredit {
        id: BankCreditId(making.id),
        reference: &command.reference,
        amount: command.amount,
        value_date: command.value_date,
        entered_by: UserId(caller.id),
        now: trail.now(),
    };
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        store::bank_credits::take_turn(conn).await?;
        if !store::bank_credits::insert(conn, &new).await? {
            return Err(Error::Taken(
                "a credit with this reference was entered before",
            ));
        }
        let entity = (BANK_CREDIT, new.id.to_string());
        let facts = json!({
            "reference": new.reference, "amountMinor": new.amount.minor(),
            "currency": new.amount.currency().code(), "valueDate": new.value_date,
        });
        trail
            .audit(conn, caller, "bank_credit.entered", entity, facts)
            .await?;
        match_open(conn, &trail, state.settings.settlements.match_days).await?;
        let entered = store::bank_credits::find(conn, new.id).await?;
        let entered = entered.ok_or(Error::NotFound("bank credit"))?;
        making.settle(conn, &entered).await?;
        Ok(entered)
    })
    .await
}

/// Matches whatever can be matched by now: a settlement may come into the books after its credit was entered.
pub(super) async fn match_all(state: &AppState, lease: &Lease) -> Result<(), Error> {
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    if !store::bank_credits::has_unmatched(&mut conn).await? {
        return Ok(());
    }
    conn.transaction(async |conn| {
        leases::fence(conn, lease).await?;
        store::bank_credits::take_turn(conn).await?;
        match_open(conn, &trail, state.settings.settlements.match_days).await
    })
    .await
}

/// Matches credits and settlements that can only belong to one another.
pub(super) async fn match_open(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    match_days: i32,
) -> Result<(), Error> {
    let matched = store::bank_credits::match_unambiguous(conn, match_days, trail.now()).await?;
    for one in matched {
        let entity = (SETTLEMENT, one.settlement.to_string());
        let facts = json!({ "bankCreditId": one.credit.0 });
        trail
            .audit_system(conn, "settlement.credited", entity, facts)
            .await?;
        arrived(conn, trail, one.settlement).await?;
    }
    Ok(())
}

/// Nobody has to look for it any more.
async fn arrived(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    settlement: SettlementId,
) -> Result<(), Error> {
    let of = Of::Subject(settlement.0);
    attention::close(conn, trail, of, &[Attention::Settlement], "credited").await?;
    Ok(())
}

/// Says which settlement arrived with a credit, where that could not be told by itself.
pub(crate) async fn match_settlement(
    state: &AppState,
    caller: &CurrentUser,
    by_hand: Matched,
    making: &Making<ListedSettlement>,
) -> Result<ListedSettlement, Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        store::bank_credits::take_turn(conn).await?;
        let settlement = find(conn, by_hand.settlement).await?;
        let credit = store::bank_credits::find(conn, by_hand.credit).await?;
        let credit = credit.ok_or(Error::NotFound("bank credit"))?;
        refuse_unfit(&settlement, &credit)?;
        let by = UserId(caller.id);
        store::bank_credits::match_by_hand(conn, by_hand, by, trail.now()).await?;
        let entity = (SETTLEMENT, by_hand.settlement.to_string());
        let facts = json!({
            "bankCreditId": by_hand.credit.0, "effectiveMinor": settlement.settlement.told.effective,
            "creditedMinor": credit.amount_minor, "currency": credit.currency,
        });
        trail
            .audit(conn, caller, "settlement.matched", entity, facts)
            .await?;
        arrived(conn, &trail, by_hand.settlement).await?;
        let matched = find(conn, by_hand.settlement).await?;
        making.settle(conn, &matched).await?;
        Ok(matched)
    })
    .await
}

/// Says that a settlement did not arrive with its credit after all. Only people match that credit from then on.
pub(crate) async fn unmatch_settlement(
    state: &AppState,
    caller: &CurrentUser,
    id: SettlementId,
    making: &Making<ListedSettlement>,
) -> Result<ListedSettlement, Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        store::bank_credits::take_turn(conn).await?;
        find(conn, id).await?;
        let credit = store::bank_credits::unmatch(conn, id).await?;
        let credit = credit.ok_or(Error::InvalidState("the settlement has no credit"))?;
        let entity = (SETTLEMENT, id.to_string());
        let facts = json!({ "bankCreditId": credit.0 });
        trail
            .audit(conn, caller, "settlement.unmatched", entity, facts)
            .await?;
        let unmatched = find(conn, id).await?;
        making.settle(conn, &unmatched).await?;
        Ok(unmatched)
    })
    .await
}

async fn find(conn: &mut AsyncPgConnection, id: SettlementId) -> Result<ListedSettlement, Error> {
    let found = store::settlement_lists::find(conn, id).await?;
    found.ok_or(Error::NotFound(SETTLEMENT))
}

/// Whoever matches by hand may know that the bank has taken something for itself, so amounts may differ.
fn refuse_unfit(settlement: &ListedSettlement, credit: &BankCredit) -> Result<(), Error> {
    let refused = if settlement.settlement.status != SettlementStatus::Success {
        "the settlement is not paid out"
    } else if settlement.credit.is_some() {
        "the settlement has its credit already"
    } else if credit.settlement.is_some() {
        "the credit belongs to another settlement"
    } else if credit.currency != settlement.settlement.currency {
        "the credit is of another currency"
    } else {
        return Ok(());
    };
    Err(Error::InvalidState(refused))
}
