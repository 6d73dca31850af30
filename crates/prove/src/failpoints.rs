//! Where a process can be told to die, by `common::failpoint`: every step of a sale at which a crash leaves something half done.
//!
//! The storm arms each of them while people buy, and whatever was half done must come to its end without anybody's help.

/// A point at which a process can be told to die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failpoint {
    /// `orders.placed`: whose, and where. Those of `relay`, `consumer` and `idempotency` are in every service.
    pub name: &'static str,
    /// What a crash there leaves behind, which has to come right by itself.
    pub leaves: &'static str,
}

const fn point(name: &'static str, leaves: &'static str) -> Failpoint {
    Failpoint { name, leaves }
}

/// Every point, in the order of a sale.
pub const ALL: &[Failpoint] = &[
    point(
        "idempotency.claimed",
        "a key that is in use, and nothing under it",
    ),
    point("orders.priced", "an order's id, and no goods held under it"),
    point("inventory.reserving", "goods that are about to be held"),
    point(
        "inventory.reserved",
        "goods that are held, and an order that does not know",
    ),
    point("orders.reserved", "goods that are held for no order"),
    point(
        "idempotency.settling",
        "an answer that is not stored, nor what it is about",
    ),
    point(
        "orders.placing",
        "an order that is not committed, and goods held for it",
    ),
    point("orders.placed", "an order whose buyer has no answer"),
    point(
        "idempotency.released",
        "a key that was given back, and nobody told why",
    ),
    point(
        "payments.attempt_made",
        "an attempt to pay that the provider does not know",
    ),
    point(
        "payments.initialized",
        "an attempt that the provider knows, its address lost",
    ),
    point(
        "payments.address_stored",
        "an attempt that can be paid, and a buyer without an answer",
    ),
    point("payments.webhook_heard", "a webhook that nobody kept"),
    point(
        "payments.webhook_stored",
        "a webhook that was kept, and a provider that tells it again",
    ),
    point(
        "payments.webhook_claimed",
        "a webhook in the hands of a dead worker",
    ),
    point(
        "payments.verified",
        "a payment that the provider calls paid, and we do not",
    ),
    point("payments.capturing", "a capture that is not committed"),
    point(
        "payments.webhook_applied",
        "a webhook that was applied, and does not say so",
    ),
    point(
        "relay.claimed",
        "events that are promised and not published",
    ),
    point(
        "relay.confirmed",
        "events that are published, and count as promised only",
    ),
    point(
        "relay.marking",
        "events that are published, their mark not committed",
    ),
    point(
        "consumer.received",
        "an event that was handed out and not applied",
    ),
    point(
        "consumer.applied",
        "an event that was applied and not acknowledged",
    ),
    point("consumer.batch_applied", "many such events"),
    point(
        "orders.settling_begun",
        "an order that is a payment's, its goods not sold",
    ),
    point("inventory.selling", "goods that are about to be sold"),
    point(
        "inventory.sold",
        "goods that are sold, and an order that does not know",
    ),
    point(
        "orders.goods_sold",
        "goods that are sold, and an order that does not say so",
    ),
    point("orders.settling", "an order that is about to be in process"),
    point(
        "orders.document_drawn",
        "an invoice that was drawn and not stored",
    ),
    point("payments.keeping", "a capture that is about to be kept"),
    point(
        "notifications.mail_requested",
        "a mail that is due, and an event not acknowledged",
    ),
    point(
        "notifications.sending",
        "a mail that is being sent, and was not",
    ),
    point(
        "notifications.sent",
        "a mail that was sent, and does not say so",
    ),
    point(
        "orders.cancelled",
        "an order that was given up, its goods still held",
    ),
    point(
        "inventory.giving_back",
        "goods that are about to be given back",
    ),
    point("inventory.expiring", "holds that are about to end"),
    point("orders.expiring", "an order that is about to end unpaid"),
    point(
        "payments.refund_asking",
        "a refund that the provider was not asked for",
    ),
    point(
        "payments.refund_asked",
        "a refund that the provider makes, and we do not know",
    ),
    point(
        "payments.refund_arriving",
        "a refund that has arrived, and is not booked",
    ),
    point(
        "payments.dispute_writing",
        "a dispute that is about to be written",
    ),
    point(
        "payments.settlement_page",
        "a settlement of which a page is not written",
    ),
    point(
        "payments.settlement_booking",
        "a settlement that is about to be booked",
    ),
    point(
        "payments.reconciliation_step",
        "a comparison whose step is not written",
    ),
    point(
        "payments.reconciliation_ending",
        "a comparison that is about to end",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    /// Every Rust source of services and crates, but not this crate's and not the tests'.
    fn sources() -> Vec<PathBuf> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut found = Vec::new();
        for group in ["services", "crates"] {
            for member in fs::read_dir(root.join(group)).unwrap() {
                let member = member.unwrap();
                if member.file_name() != "prove" {
                    collect(&member.path().join("src"), &mut found);
                }
            }
        }
        found
    }

    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.push(path);
            }
        }
    }

    /// The names that stand in the code, each as often as it does.
    fn in_the_code() -> Vec<String> {
        let mut names = Vec::new();
        for path in sources() {
            let text = fs::read_to_string(path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            let reached = text.split("failpoint::reach(\"").skip(1);
            names.extend(reached.filter_map(|rest| Some(rest.split('"').next()?.to_owned())));
        }
        names.sort();
        names
    }

    #[test]
    fn every_point_of_the_list_is_in_the_code_once_and_every_point_of_the_code_is_in_the_list() {
        let mut listed: Vec<String> = ALL.iter().map(|one| one.name.to_owned()).collect();
        listed.sort();
        assert_eq!(in_the_code(), listed);
    }

    #[test]
    fn each_says_what_it_leaves() {
        let said: BTreeSet<&str> = ALL.iter().map(|one| one.leaves).collect();
        assert_eq!(said.len(), ALL.len());
    }
}
