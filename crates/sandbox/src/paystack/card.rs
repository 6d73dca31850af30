//! The vendor's test cards, and what each of them does.

use serde::Deserialize;

/// What becomes of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefundFate {
    /// The customer gets the money.
    #[default]
    Processed,
    /// The customer's bank does not take it.
    Failed,
    /// The vendor needs to know where to send it.
    NeedsAttention,
}

/// A card that exists only for tests.
#[derive(Debug)]
pub struct Card {
    /// What people know it by.
    pub name: &'static str,
    /// Its digits.
    pub number: &'static str,
    /// The number on its back.
    pub cvv: &'static str,
    /// What it asks for before it pays.
    pub pin: Option<&'static str>,
    /// What it asks for then.
    pub otp: Option<&'static str>,
    /// Why it does not pay, if it does not.
    pub decline: Option<&'static str>,
    /// What becomes of a refund to it.
    pub refund: RefundFate,
    /// As in `authorization.card_type`, with the vendor's space behind it.
    pub card_type: &'static str,
    /// As in `authorization.brand`.
    pub brand: &'static str,
}

/// A card that pays at once.
const VISA: Card = Card {
    name: "Success",
    number: "4084084084084081",
    cvv: "408",
    pin: None,
    otp: None,
    decline: None,
    refund: RefundFate::Processed,
    card_type: "visa ",
    brand: "visa",
};

/// All of them, the first of which is used where nobody says which.
pub static CARDS: [Card; 8] = [
    VISA,
    Card {
        name: "Success with PIN",
        number: "507850785078507812",
        cvv: "081",
        pin: Some("1111"),
        card_type: "verve ",
        brand: "verve",
        ..VISA
    },
    Card {
        name: "Success with PIN and OTP",
        number: "5060666666666666666",
        cvv: "123",
        pin: Some("1234"),
        otp: Some("123456"),
        card_type: "verve ",
        brand: "verve",
        ..VISA
    },
    Card {
        name: "Declined",
        number: "4084080000005408",
        cvv: "001",
        decline: Some("Declined"),
        ..VISA
    },
    Card {
        name: "Token not generated",
        number: "507850785078507853",
        cvv: "082",
        pin: Some("0000"),
        decline: Some("Token Not Generated. Customer Not Registered on Token Platform"),
        card_type: "verve ",
        brand: "verve",
        ..VISA
    },
    Card {
        name: "Insufficient funds",
        number: "4084080000670037",
        cvv: "787",
        decline: Some("Insufficient Funds"),
        ..VISA
    },
    Card {
        name: "Success, refunds fail",
        number: "4084080000671803",
        cvv: "180",
        refund: RefundFate::Failed,
        ..VISA
    },
    Card {
        name: "Success, refunds need attention",
        number: "4084080000671902",
        cvv: "190",
        refund: RefundFate::NeedsAttention,
        ..VISA
    },
];

impl Card {
    /// The card of these digits; spaces do not count.
    #[must_use]
    pub fn find(number: &str) -> Option<&'static Self> {
        let digits: String = number.chars().filter(|c| !c.is_whitespace()).collect();
        CARDS.iter().find(|card| card.number == digits)
    }

    /// The card that is used where nobody says which.
    #[must_use]
    pub fn usual() -> &'static Self {
        static USUAL: Card = VISA;
        &USUAL
    }

    /// The first six digits.
    #[must_use]
    pub fn bin(&self) -> &'static str {
        self.number.get(..6).unwrap_or_default()
    }

    /// The last four digits.
    #[must_use]
    pub fn last4(&self) -> &'static str {
        let start = self.number.len().saturating_sub(4);
        self.number.get(start..).unwrap_or_default()
    }

    /// The digits in groups of four.
    #[must_use]
    pub fn grouped(&self) -> String {
        let digits: Vec<char> = self.number.chars().collect();
        let groups: Vec<String> = digits.chunks(4).map(|four| four.iter().collect()).collect();
        groups.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_found_by_its_digits() {
        let card = Card::find("4084 0800 0067 1803").unwrap();
        assert_eq!(card.refund, RefundFate::Failed);
        assert_eq!((card.bin(), card.last4()), ("408408", "1803"));
        assert_eq!(card.grouped(), "4084 0800 0067 1803");
        assert!(Card::find("4242 4242 4242 4242").is_none());
        assert_eq!(Card::usual().number, CARDS[0].number);
    }
}
