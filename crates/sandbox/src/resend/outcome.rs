//! What becomes of a mail at each recipient.

use super::suppression::{Reason, Suppressions};

/// The domain of the vendor's test addresses.
const TEST_DOMAIN: &str = "resend.dev";

/// What becomes of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Delivered,
    /// The address does not exist.
    Bounced,
    /// It arrives, and is called spam.
    Complained,
    /// It is not sent.
    Suppressed(Reason),
}

/// What becomes of a mail at this address. The vendor's test addresses (`bounced@resend.dev`, with or without a `+label`)
/// have the fate in their name, each time; they never join the list.
#[must_use]
pub fn fate(bare: &str, suppressions: &Suppressions) -> Fate {
    match test_address(bare) {
        Some("bounced") => Fate::Bounced,
        Some("complained") => Fate::Complained,
        Some("suppressed") => Fate::Suppressed(Reason::PreviousBounce),
        _ => suppressions
            .reason(bare)
            .map_or(Fate::Delivered, Fate::Suppressed),
    }
}

/// The name of a test address, without its label.
#[must_use]
pub fn test_address(bare: &str) -> Option<&str> {
    let (local, domain) = bare.split_once('@')?;
    (domain == TEST_DOMAIN).then(|| local.split('+').next().unwrap_or(local))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_addresses_have_their_fate_in_their_name() {
        let list = Suppressions::default();
        assert_eq!(fate("bounced@resend.dev", &list), Fate::Bounced);
        assert_eq!(fate("bounced+a@resend.dev", &list), Fate::Bounced);
        assert_eq!(fate("complained@resend.dev", &list), Fate::Complained);
        assert_eq!(fate("delivered@resend.dev", &list), Fate::Delivered);
        assert_eq!(fate("bounced@example.com", &list), Fate::Delivered);
        let suppressed = Fate::Suppressed(Reason::PreviousBounce);
        assert_eq!(fate("suppressed@resend.dev", &list), suppressed);
    }

    #[test]
    fn the_list_decides_about_everyone_else() {
        let mut list = Suppressions::default();
        list.add("ada@example.com".to_owned(), Reason::PreviousComplaint);
        let suppressed = Fate::Suppressed(Reason::PreviousComplaint);
        assert_eq!(fate("ada@example.com", &list), suppressed);
        assert!(list.remove("ada@example.com"));
        assert_eq!(fate("ada@example.com", &list), Fate::Delivered);
    }
}
