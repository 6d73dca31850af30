//! Somebody is about to pay: an attempt is begun, or the one that is live is answered.

mod attempt;
mod open;

use std::sync::Arc;

use messaging::idempotency::Making;
use money::{Amount, Money};
use url::Url;

use super::Error;
use crate::clients::orders::Due;
use crate::config;
use crate::domain::ids::{OrderId, UserId};
use crate::startup::AppState;
use crate::store::payments::Payment;

/// The longest URL that a buyer is sent back to.
const CALLBACK_MAX: usize = 2_000;
/// Where buyers come back to unless another URL is given.
const CALLBACK_PATH: &str = "/api/v1/payments/callback";

/// What somebody wants to pay.
#[derive(Debug, Clone)]
pub(crate) struct Initialize {
    pub(crate) order: OrderId,
    /// What they believe to be due.
    pub(crate) amount: Option<Amount>,
    /// Where they want to be sent back to.
    pub(crate) callback_url: Option<String>,
}

/// What an attempt is about.
pub(super) struct Wanted {
    order: OrderId,
    order_number: String,
    user: UserId,
    email: String,
    due: Money,
    callback_url: String,
}

/// Begins to pay an order, or goes on with what was begun: never two attempts at a time, and never a name at the provider of
/// which nobody knows what became.
pub(crate) async fn initialize(
    state: &Arc<AppState>,
    caller: UserId,
    command: Initialize,
    making: &Making<Payment>,
) -> Result<Payment, Error> {
    let callback_url = callback_url(state, command.callback_url)?;
    let due = state.orders.due(command.order).await?;
    let due = due.filter(|due| due.user_id == caller.0);
    let due = due.ok_or(Error::NotFound("order"))?;
    let money = payable(&due, command.amount)?;
    let wanted = Wanted {
        order: command.order,
        order_number: due.order_number,
        user: caller,
        email: due.email,
        due: money,
        callback_url,
    };
    open::open(state, &wanted, making).await
}

fn payable(due: &Due, believed: Option<Amount>) -> Result<Money, Error> {
    let money = due.money();
    if !due.is_payable || money.is_zero() {
        return Err(Error::InvalidState("the order cannot be paid"));
    }
    if believed.is_some_and(|amount| amount.minor() != money.minor()) {
        return Err(Error::NotPossible(
            "the amount is not what is due".to_owned(),
        ));
    }
    Ok(money)
}

/// Only a page of the shop's own: the provider sends the buyer there.
fn callback_url(state: &AppState, given: Option<String>) -> Result<String, Error> {
    let settings = &state.settings;
    let Some(text) = given else {
        let base = settings.public_url.as_str().trim_end_matches('/');
        return Ok(format!("{base}{CALLBACK_PATH}"));
    };
    let is_ours = |url: &Url| {
        let has_name = !url.username().is_empty() || url.password().is_some();
        !has_name && settings.callback_origins.contains(&config::origin(url))
    };
    let url = Url::parse(&text).ok().filter(is_ours);
    let url = url.filter(|url| url.as_str().len() <= CALLBACK_MAX);
    url.map(String::from).ok_or(Error::Invalid {
        field: "callbackUrl",
        message: "must be a page of the shop".to_owned(),
    })
}
