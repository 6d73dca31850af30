//! What a customer filled in, and the step that follows from it.

use std::borrow::Cow;

use crate::paystack::card::Card;
use crate::paystack::charge::{Attempt, Outcome};
use crate::paystack::control::WAYS;
use crate::paystack::transaction::{Channel, Status, Transaction};

/// The number of the phone whose owner always pays at once.
const PROMPT_PHONE: &str = "0551234987";

/// What a customer filled in.
#[derive(Debug, Default)]
pub struct Form {
    way: String,
    action: String,
    /// Digits of a card, with or without spaces.
    pub number: String,
    /// Its end, `MM/YY`.
    pub expiry: String,
    /// The number on its back.
    pub cvv: String,
    /// What the card asks for.
    pub pin: String,
    /// What the card asks for then.
    pub otp: String,
    phone: String,
}

/// What follows.
#[derive(Debug)]
pub enum Step {
    /// An attempt to pay, or its next part.
    Attempt(Attempt),
    /// Something has to be filled in, or filled in again.
    Ask(Question),
}

/// What a customer is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// A way to pay that is offered.
    Way,
    /// A card that exists here.
    Number,
    /// An end that is not over, as far as one can see.
    Expiry,
    /// The number that is on the back of this card.
    Cvv,
    /// The card's PIN, after a wrong one if so.
    Pin(bool),
    /// The code that the bank sent, after a wrong one if so.
    Otp(bool),
}

impl Form {
    /// Reads a form.
    #[must_use]
    pub fn read<'a>(pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>) -> Self {
        let mut form = Self::default();
        for (name, text) in pairs {
            let field = match &*name {
                "channel" => &mut form.way,
                "action" => &mut form.action,
                "number" => &mut form.number,
                "expiry" => &mut form.expiry,
                "cvv" => &mut form.cvv,
                "pin" => &mut form.pin,
                "otp" => &mut form.otp,
                "phone" => &mut form.phone,
                _ => continue,
            };
            *field = text.trim().to_owned();
        }
        form
    }

    /// The step that follows from it.
    #[must_use]
    pub fn step(&self, transaction: &Transaction) -> Step {
        let mut ways = WAYS.into_iter().filter(|way| transaction.takes(*way));
        let Some(way) = ways.find(|way| way.name() == self.way) else {
            return Step::Ask(Question::Way);
        };
        if way == Channel::Card {
            return self.card_step();
        }
        let is_begun = transaction.status == Status::Pending && transaction.channel == way;
        let outcome = match self.action.as_str() {
            "paid" if is_begun => Outcome::Success,
            "failed" if is_begun => Outcome::Failed,
            _ if way == Channel::MobileMoney && self.phone == PROMPT_PHONE => Outcome::Success,
            _ => Outcome::Pending,
        };
        Step::Attempt(Attempt::by(way, outcome))
    }

    fn card_step(&self) -> Step {
        let Some(card) = Card::find(&self.number) else {
            return Step::Ask(Question::Number);
        };
        if !is_expiry(&self.expiry) {
            return Step::Ask(Question::Expiry);
        }
        if self.cvv != card.cvv {
            return Step::Ask(Question::Cvv);
        }
        let is_wrong = |given: &str, wanted: Option<&str>| wanted.is_some_and(|it| it != given);
        if is_wrong(&self.pin, card.pin) {
            return Step::Ask(Question::Pin(!self.pin.is_empty()));
        }
        if is_wrong(&self.otp, card.otp) {
            return Step::Ask(Question::Otp(!self.otp.is_empty()));
        }
        let outcome = match card.decline {
            Some(_) => Outcome::Failed,
            None => Outcome::Success,
        };
        Step::Attempt(Attempt {
            card: Some(card),
            ..Attempt::by(Channel::Card, outcome)
        })
    }
}

impl Question {
    /// What is said about it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Way => "Choose one of the ways to pay that are offered.",
            Self::Number => "This is none of the test cards. No other card exists here.",
            Self::Expiry => "Fill in when the card expires, as MM/YY.",
            Self::Cvv => "The CVV does not belong to this card.",
            Self::Pin(false) => "This card asks for its PIN.",
            Self::Pin(true) => "The PIN is wrong.",
            Self::Otp(false) => "The bank sent a one-time code. Fill it in.",
            Self::Otp(true) => "The one-time code is wrong.",
        }
    }
}

/// `MM/YY`. Any is taken: the test cards are good until any day to come.
fn is_expiry(text: &str) -> bool {
    let Some((month, year)) = text.split_once('/') else {
        return false;
    };
    let is_number = |part: &str| part.trim().len() == 2 && part.trim().parse::<u8>().is_ok();
    let is_month = matches!(month.trim().parse::<u8>(), Ok(1..=12));
    is_month && is_number(month) && is_number(year)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paystack::samples::paid;

    fn step(text: &str, status: Status, channel: Channel) -> Step {
        let mut transaction = paid(1, 10_000);
        transaction.status = status;
        transaction.channel = channel;
        Form::read(url::form_urlencoded::parse(text.as_bytes())).step(&transaction)
    }

    fn outcome(text: &str, status: Status, channel: Channel) -> Outcome {
        match step(text, status, channel) {
            Step::Attempt(attempt) => attempt.outcome,
            Step::Ask(question) => panic!("{text}: {question:?}"),
        }
    }

    fn question(text: &str) -> Question {
        match step(text, Status::Abandoned, Channel::Card) {
            Step::Ask(question) => question,
            Step::Attempt(attempt) => panic!("{text}: {attempt:?}"),
        }
    }

    #[test]
    fn a_card_is_asked_for_what_is_missing() {
        let verve = "channel=card&number=5060666666666666666&expiry=12/30&cvv=123";
        for (text, expected) in [
            ("", Question::Way),
            ("channel=qr", Question::Way),
            ("channel=card&number=4242424242424242", Question::Number),
            (
                "channel=card&number=4084084084084081&expiry=13/30",
                Question::Expiry,
            ),
            (
                "channel=card&number=4084084084084081&expiry=12/30&cvv=1",
                Question::Cvv,
            ),
            (verve, Question::Pin(false)),
            (&format!("{verve}&pin=1"), Question::Pin(true)),
            (&format!("{verve}&pin=1234"), Question::Otp(false)),
            (&format!("{verve}&pin=1234&otp=1"), Question::Otp(true)),
        ] {
            assert_eq!(question(text), expected, "{text}");
        }
        let whole = format!("{verve}&pin=1234&otp=123456");
        let paid = outcome(&whole, Status::Abandoned, Channel::Card);
        assert_eq!(paid, Outcome::Success);
    }

    #[test]
    fn cards_that_do_not_pay_are_declined() {
        let declined = "channel=card&number=4084+0800+0000+5408&expiry=01/31&cvv=001";
        assert_eq!(
            outcome(declined, Status::Abandoned, Channel::Card),
            Outcome::Failed
        );
    }

    #[test]
    fn other_ways_begin_before_they_end() {
        let transfer = "channel=bank_transfer&action=paid";
        for (status, channel, expected) in [
            (Status::Abandoned, Channel::Card, Outcome::Pending),
            (Status::Pending, Channel::Ussd, Outcome::Pending),
            (Status::Pending, Channel::BankTransfer, Outcome::Success),
        ] {
            assert_eq!(outcome(transfer, status, channel), expected);
        }
        let prompt = "channel=mobile_money&phone=0551234987";
        assert_eq!(
            outcome(prompt, Status::Abandoned, Channel::Card),
            Outcome::Success
        );
        let other = "channel=mobile_money&phone=0551234000";
        assert_eq!(
            outcome(other, Status::Abandoned, Channel::Card),
            Outcome::Pending
        );
    }
}
