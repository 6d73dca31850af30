//! What this service holds about a person: told to that person, or forgotten.

use chrono::{DateTime, Utc};
use common::ids;
use diesel_async::AsyncConnection as _;
use events::auth::EraseRequested;
use events::shared::PrivacyErased;
use messaging::inbox::{self, Seen};
use messaging::{Outcome, Received, idempotency};
use money::SignedAmount;
use serde::Serialize;
use uuid::Uuid;

use super::contact::Contact;
use super::transition::Actor;
use super::{Error, cancel_order};
use crate::SERVICE;
use crate::domain::ids::UserId;
use crate::domain::status::{Change, Command};
use crate::startup::AppState;
use crate::store;
use crate::store::rows::OrderRow;

/// One person's data in the orders service.
#[derive(Debug, Serialize)]
pub(crate) struct PersonalData {
    orders: Vec<OrderData>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderData {
    id: Uuid,
    order_number: String,
    status: String,
    payment_status: String,
    total: SignedAmount,
    currency: String,
    created_at: DateTime<Utc>,
    contact: Option<ContactData>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ContactData {
    email: String,
    name: String,
    shipping_address: crate::domain::address::Address,
    billing_address: Option<crate::domain::address::Address>,
    notes: Option<String>,
}

/// Gathers a person's data; empty for somebody who never ordered.
pub(crate) async fn gather(state: &AppState, user: UserId) -> Result<PersonalData, Error> {
    let mut conn = state.db.get().await?;
    let rows = store::personal_data::orders_of(&mut conn, user).await?;
    let orders = rows.iter().map(|row| data_of(state, row));
    Ok(PersonalData {
        orders: orders.collect::<Result<_, Error>>()?,
    })
}

fn data_of(state: &AppState, row: &OrderRow) -> Result<OrderData, Error> {
    let contact = Contact::open(&state.sealer, row)?;
    Ok(OrderData {
        id: row.id,
        order_number: row.order_number.clone(),
        status: row.status.clone(),
        payment_status: row.payment_status.clone(),
        total: row.money(&row.total)?.amount(),
        currency: row.currency.clone(),
        created_at: row.created_at,
        contact: contact.map(|contact| ContactData {
            email: contact.email,
            name: contact.name,
            shipping_address: contact.shipping,
            billing_address: contact.billing,
            notes: contact.notes,
        }),
    })
}

/// Forgets a person and confirms it. Their orders stay in the books under a pseudonym, and so do invoices: the law wants them
/// kept as they were issued. What they have not paid for is given up; what they have paid for is still sent, so its address
/// goes when it has arrived.
pub(crate) async fn erase(
    state: &AppState,
    event: &Received<EraseRequested>,
) -> Result<Outcome, Error> {
    let trail = state.trail();
    let asked = &event.body;
    let pseudonym = ids::new_id();
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        if inbox::record(conn, event).await? == Seen::Before {
            return Ok(Outcome::Duplicate);
        }
        store::personal_data::pseudonymise(conn, UserId(asked.user_id), pseudonym).await?;
        idempotency::forget(conn, asked.user_id).await?;
        for order in store::personal_data::lock_unpaid(conn, pseudonym).await? {
            if let Change::To(stage) = order.stage()?.after(Command::Cancel)? {
                let actor = Actor::system("the account was closed");
                cancel_order::write(conn, &trail, &order, stage, actor).await?;
            }
        }
        let confirmed = PrivacyErased {
            request_id: asked.request_id,
            user_id: asked.user_id,
            service: SERVICE.name.to_owned(),
        };
        trail.events(conn, [(confirmed, 1)]).await?;
        Ok(Outcome::Applied)
    })
    .await
}
