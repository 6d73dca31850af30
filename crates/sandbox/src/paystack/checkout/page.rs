//! The page itself.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use minijinja::{Value, context};

use super::callback;
use super::form::{Form, Question};
use crate::pages::{CHECKOUT_POLICY, page_with};
use crate::paystack::amount::shown;
use crate::paystack::card::CARDS;
use crate::paystack::codes::hash;
use crate::paystack::control::WAYS;
use crate::paystack::transaction::{Channel, Status, Transaction};

/// The page of a transaction.
pub fn show(transaction: &Transaction, is_cancelled: bool) -> HttpResponse {
    let notice = match transaction.status {
        _ if is_cancelled => Some("You cancelled. You can still pay.".to_owned()),
        Status::Failed => Some(format!("Not paid: {}.", transaction.gateway_response)),
        _ => None,
    };
    let more = context! { notice, form => filled(&Form::default()) };
    render(StatusCode::OK, transaction, more)
}

/// The page of a transaction with a question about what was filled in.
pub fn ask(transaction: &Transaction, form: &Form, question: Question) -> HttpResponse {
    let more = context! {
        notice => question.text(),
        form => filled(form),
        asks_for_pin => matches!(question, Question::Pin(_)),
        asks_for_otp => matches!(question, Question::Otp(_)),
    };
    render(StatusCode::UNPROCESSABLE_ENTITY, transaction, more)
}

/// What stands in the fields of the page.
fn filled(form: &Form) -> Value {
    context! {
        number => &form.number,
        expiry => &form.expiry,
        cvv => &form.cvv,
        pin => &form.pin,
    }
}

/// There is no such transaction.
pub fn unknown() -> HttpResponse {
    let state = context! { state => "unknown" };
    page_with(
        StatusCode::NOT_FOUND,
        CHECKOUT_POLICY,
        "checkout.html",
        state,
    )
}

fn render(status: StatusCode, transaction: &Transaction, more: Value) -> HttpResponse {
    let ask = &transaction.ask;
    let cards = CARDS.iter().map(|card| {
        context! {
            name => card.name,
            number => card.number,
            grouped => card.grouped(),
            cvv => card.cvv,
            pin => card.pin,
            otp => card.otp,
        }
    });
    let ways = WAYS.into_iter().filter(|way| transaction.takes(*way));
    let state = match transaction.status {
        status if status.is_paid() => "paid",
        Status::Pending => "waiting",
        _ => "open",
    };
    let context = context! {
        state,
        code => &*transaction.access_code,
        reference => &*transaction.reference,
        email => &ask.email,
        amount => shown(transaction.amount, transaction.currency),
        status => transaction.status.name(),
        channel => transaction.channel.name(),
        way => label(transaction.channel),
        ways => ways.map(Channel::name).collect::<Vec<_>>(),
        cards => cards.collect::<Vec<_>>(),
        account_number => format!("{:010}", hash(&transaction.id) % 10_000_000_000),
        callback => callback(transaction),
        ..more
    };
    page_with(status, CHECKOUT_POLICY, "checkout.html", context)
}

fn label(channel: Channel) -> &'static str {
    match channel {
        Channel::Card => "card",
        Channel::BankTransfer => "bank transfer",
        Channel::Ussd => "USSD",
        Channel::MobileMoney => "mobile money",
        Channel::Eft => "EFT",
        other => other.name(),
    }
}
